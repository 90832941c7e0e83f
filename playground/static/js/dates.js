// Times as the acting person reads them: every function takes that person's IANA time zone.

const formatters = new Map();

function parts(epochSeconds, timeZone) {
  let formatter = formatters.get(timeZone);
  if (!formatter) {
    const wanted = {
      year: "numeric",
      month: "long",
      day: "numeric",
      weekday: "long",
      hour: "2-digit",
      minute: "2-digit",
      second: "2-digit",
      hourCycle: "h23",
    };
    try {
      formatter = new Intl.DateTimeFormat("en-US", { ...wanted, timeZone });
    } catch {
      formatter = new Intl.DateTimeFormat("en-US", { ...wanted, timeZone: "UTC" });
    }
    formatters.set(timeZone, formatter);
  }
  const found = Object.fromEntries(
    formatter.formatToParts(new Date(epochSeconds * 1000)).map((part) => [part.type, part.value]),
  );
  const month = MONTHS.indexOf(found.month) + 1;
  return {
    year: Number(found.year),
    month,
    day: Number(found.day),
    weekday: found.weekday,
    hour: Number(found.hour),
    minute: Number(found.minute),
    second: Number(found.second),
  };
}

const MONTHS = [
  "January",
  "February",
  "March",
  "April",
  "May",
  "June",
  "July",
  "August",
  "September",
  "October",
  "November",
  "December",
];
const two = (number) => String(number).padStart(2, "0");

let ahead = 0; // seconds that the workspace's clock is before this machine's

/** The workspace's moment: the server tells it, and tests move it. */
export const nowSeconds = () => Date.now() / 1000 + ahead;

export function setNow(epochSeconds) {
  ahead = epochSeconds - Date.now() / 1000;
}


function clock({ hour, minute, second }, withSeconds = false) {
  const seconds = withSeconds ? `:${two(second)}` : "";
  return `${hour % 12 || 12}:${two(minute)}${seconds} ${hour < 12 ? "AM" : "PM"}`;
}

function ordinal(day) {
  const suffix = day % 100 >= 11 && day % 100 <= 13 ? "th" : ({ 1: "st", 2: "nd", 3: "rd" }[day % 10] ?? "th");
  return `${day}${suffix}`;
}

/** The calendar day in that zone, as a key to compare: "2026-11-23". */
export function dayKey(epochSeconds, timeZone) {
  const { year, month, day } = parts(epochSeconds, timeZone);
  return `${year}-${two(month)}-${two(day)}`;
}

function relativeDay(epochSeconds, timeZone, now) {
  const days = (Date.parse(dayKey(epochSeconds, timeZone)) - Date.parse(dayKey(now, timeZone))) / 86_400_000;
  return { "-1": "yesterday", 0: "today", 1: "tomorrow" }[days] ?? null;
}

export function timeOfDay(epochSeconds, timeZone) {
  return clock(parts(epochSeconds, timeZone));
}

/** "Today", "Yesterday" or "Monday, November 23rd": the words between two days of messages. */
export function dayTitle(epochSeconds, timeZone, now = nowSeconds()) {
  const word = relativeDay(epochSeconds, timeZone, now);
  return word ? word[0].toUpperCase() + word.slice(1) : slackDate(epochSeconds, "{date_long}", timeZone, { now });
}

/** The whole moment, for a tooltip: "Monday, November 23rd, 2026 at 3:05:12 PM". */
export function wholeMoment(epochSeconds, timeZone) {
  const { year, month, day, weekday, ...time } = parts(epochSeconds, timeZone);
  return `${weekday}, ${MONTHS[month - 1]} ${ordinal(day)}, ${year} at ${clock(time, true)}`;
}

/** "in 25 minutes", "3 hours ago". */
export function ago(epochSeconds, now = nowSeconds()) {
  const seconds = Math.round(epochSeconds - now);
  const size = Math.abs(seconds);
  if (size < 5) return "just now";
  const [unit, length] = [
    ["day", 86_400],
    ["hour", 3600],
    ["minute", 60],
    ["second", 1],
  ].find(([, one]) => size >= one);
  const count = Math.floor(size / length);
  const words = `${count} ${unit}${count === 1 ? "" : "s"}`;
  return seconds > 0 ? `in ${words}` : `${words} ago`;
}

/**
 * Slack's date format string ("{date_short_pretty} at {time}") for a moment. `midSentence` keeps "today" in lower case
 * when the format begins with it. The year is left out within half a year, as Slack does.
 */
export function slackDate(epochSeconds, format, timeZone, { now = nowSeconds(), midSentence = false } = {}) {
  const moment = parts(epochSeconds, timeZone);
  const { year, month, day, weekday } = moment;
  const thisYear = Math.abs(epochSeconds - now) < 183 * 86_400;
  const longDate = `${MONTHS[month - 1]} ${ordinal(day)}${thisYear ? "" : `, ${year}`}`;
  const shortDate = `${MONTHS[month - 1].slice(0, 3)} ${day}${thisYear ? "" : `, ${year}`}`;
  const pretty = (otherwise, offset) => {
    const word = relativeDay(epochSeconds, timeZone, now);
    if (!word) return otherwise;
    return offset === 0 && !midSentence ? word[0].toUpperCase() + word.slice(1) : word;
  };
  return format.replace(/\{(\w+)\}/g, (token, name, offset) => {
    switch (name) {
      case "date_num":
        return `${year}-${two(month)}-${two(day)}`;
      case "date":
        return longDate;
      case "date_short":
        return shortDate;
      case "date_long":
        return `${weekday}, ${longDate}`;
      case "date_pretty":
        return pretty(longDate, offset);
      case "date_short_pretty":
        return pretty(shortDate, offset);
      case "date_long_pretty":
        return pretty(`${weekday}, ${longDate}`, offset);
      case "time":
        return clock(moment);
      case "time_secs":
        return clock(moment, true);
      case "ago":
        return ago(epochSeconds, now);
      default:
        return token;
    }
  });
}

/** Value of an <input type="datetime-local"> for a moment in that zone. */
export function toLocalInput(epochSeconds, timeZone) {
  const { hour, minute } = parts(epochSeconds, timeZone);
  return `${dayKey(epochSeconds, timeZone)}T${two(hour)}:${two(minute)}`;
}

/**
 * Epoch seconds of a wall-clock time ("2026-11-23T15:05") in that zone; the later one where a clock change makes it
 * twofold.
 */
export function fromLocalInput(wallClock, timeZone) {
  const asUtc = Date.parse(`${wallClock}:00Z`) / 1000;
  if (Number.isNaN(asUtc)) return null;
  let guess = asUtc;
  for (let round = 0; round < 2; round += 1) {
    const seen = Date.parse(`${toLocalInput(guess, timeZone)}:00Z`) / 1000;
    guess += asUtc - seen;
  }
  return guess;
}
