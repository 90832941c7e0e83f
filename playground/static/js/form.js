// The values of a set of blocks' inputs, as Slack keeps and sends them.

/** The key under which an element of each type carries its value. */
export const VALUE_KEY = {
  plain_text_input: "value",
  email_text_input: "value",
  url_text_input: "value",
  number_input: "value",
  static_select: "selected_option",
  external_select: "selected_option",
  radio_buttons: "selected_option",
  multi_static_select: "selected_options",
  multi_external_select: "selected_options",
  checkboxes: "selected_options",
  users_select: "selected_user",
  multi_users_select: "selected_users",
  conversations_select: "selected_conversation",
  multi_conversations_select: "selected_conversations",
  channels_select: "selected_channel",
  multi_channels_select: "selected_channels",
  datepicker: "selected_date",
  timepicker: "selected_time",
  datetimepicker: "selected_date_time",
  rich_text_input: "rich_text_value",
  file_input: "files",
};

const isList = (key) => key.endsWith("s");

/** Every element of the blocks with the block it stands in. */
export function* elementsOf(blocks) {
  for (const block of blocks) {
    if (block.type === "input") yield [block, block.element];
    if (block.type === "section" && block.accessory) yield [block, block.accessory];
    if (block.type === "actions") for (const element of block.elements) yield [block, element];
  }
}

/** What an element says before anybody touched it. */
export function initialValue(element) {
  const key = VALUE_KEY[element.type];
  const initial = element[key.startsWith("selected_") ? key.replace("selected_", "initial_") : "initial_value"];
  return { type: element.type, [key]: initial ?? (isList(key) ? [] : null) };
}

function isEmpty(value) {
  const content = value?.[VALUE_KEY[value?.type]];
  return content === null || content === undefined || content === "" || (Array.isArray(content) && !content.length);
}

/** What is wrong with a filled-in element before it is sent, in Slack's manner; null when nothing is. */
function problem(block, element, value) {
  if (isEmpty(value)) return block.optional ? null : "Please complete this required field.";
  const content = value[VALUE_KEY[element.type]];
  if (element.min_length && content.length < element.min_length)
    return `Please enter at least ${element.min_length} characters.`;
  if (element.max_length && content.length > element.max_length) {
    return `Please keep this to ${element.max_length} characters (now ${content.length}).`;
  }
  if (element.type === "email_text_input" && !/^\S+@\S+\.\S+$/.test(content))
    return "Please enter a valid email address.";
  if (element.type === "url_text_input" && !/^https?:\/\/\S+$/.test(content))
    return "Please enter a valid link, beginning with https://.";
  if (element.type === "number_input") {
    if (!/^-?\d+(\.\d+)?$/.test(content)) return "Please enter a number.";
    if (element.is_decimal_allowed === false && content.includes(".")) return "Please enter a whole number.";
    if (element.min_value !== undefined && Number(content) < Number(element.min_value))
      return `Please enter ${element.min_value} or more.`;
    if (element.max_value !== undefined && Number(content) > Number(element.max_value))
      return `Please enter ${element.max_value} or less.`;
  }
  return null;
}

export class Form {
  constructor(stored = {}) {
    this.values = structuredClone(stored);
  }

  /** Keeps the values whose block_id and action_id are still there, adds what is new, forgets the rest. */
  fit(blocks) {
    if (this.blocks === blocks) return;
    this.blocks = blocks;
    const fitted = {};
    for (const [block, element] of elementsOf(blocks)) {
      if (!(element.type in VALUE_KEY)) continue;
      const kept = this.values[block.block_id]?.[element.action_id];
      const value = kept?.type === element.type ? kept : initialValue(element);
      fitted[block.block_id] = { ...fitted[block.block_id], [element.action_id]: value };
    }
    this.values = fitted;
  }

  value(block, element) {
    return this.values[block.block_id]?.[element.action_id]?.[VALUE_KEY[element.type]];
  }

  set(block, element, content) {
    const value = { type: element.type, [VALUE_KEY[element.type]]: content === "" ? null : content };
    this.values = { ...this.values, [block.block_id]: { ...this.values[block.block_id], [element.action_id]: value } };
  }

  /** {block_id: sentence} for every input that cannot be sent as it is. */
  problems() {
    const found = {};
    for (const [block, element] of elementsOf(this.blocks)) {
      if (block.type !== "input" || !(element.type in VALUE_KEY)) continue;
      const sentence = problem(block, element, this.values[block.block_id]?.[element.action_id]);
      if (sentence) found[block.block_id] = sentence;
    }
    return found;
  }
}
