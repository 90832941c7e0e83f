// Emoji short names to Unicode, for text, reactions and the picker.

const GROUPS = {
  "Often used": "+1 👍 white_check_mark ✅ eyes 👀 raised_hands 🙌 tada 🎉 heart ❤️ pray 🙏 joy 😂 thinking_face 🤔 rotating_light 🚨 fire 🔥 bell 🔔 lock 🔒 mailbox_with_mail 📬 speech_balloon 💬 hourglass_flowing_sand ⏳",
  "Faces": "grinning 😀 smiley 😃 smile 😄 grin 😁 laughing 😆 sweat_smile 😅 rolling_on_the_floor_laughing 🤣 slightly_smiling_face 🙂 upside_down_face 🙃 wink 😉 blush 😊 innocent 😇 heart_eyes 😍 star-struck 🤩 kissing_heart 😘 yum 😋 stuck_out_tongue 😛 zany_face 🤪 hugging_face 🤗 shushing_face 🤫 zipper_mouth_face 🤐 neutral_face 😐 expressionless 😑 no_mouth 😶 smirk 😏 unamused 😒 face_with_rolling_eyes 🙄 grimacing 😬 relieved 😌 pensive 😔 sleepy 😪 sleeping 😴 mask 😷 face_with_thermometer 🤒 dizzy_face 😵 exploding_head 🤯 partying_face 🥳 sunglasses 😎 nerd_face 🤓 face_with_monocle 🧐 confused 😕 worried 😟 slightly_frowning_face 🙁 open_mouth 😮 astonished 😲 flushed 😳 pleading_face 🥺 fearful 😨 cold_sweat 😰 cry 😢 sob 😭 scream 😱 disappointed 😞 sweat 😓 weary 😩 tired_face 😫 yawning_face 🥱 triumph 😤 rage 😡 angry 😠 skull 💀 clown_face 🤡 ghost 👻 alien 👽 robot_face 🤖 saluting_face 🫡 melting_face 🫠 face_with_peeking_eye 🫣",
  "People": "-1 👎 wave 👋 raised_hand ✋ ok_hand 👌 v ✌️ crossed_fingers 🤞 call_me_hand 🤙 point_left 👈 point_right 👉 point_up_2 👆 point_down 👇 point_up ☝️ fist ✊ facepunch 👊 clap 👏 open_hands 👐 handshake 🤝 writing_hand ✍️ muscle 💪 brain 🧠 eye 👁️ speaking_head_in_silhouette 🗣️ bust_in_silhouette 👤 busts_in_silhouette 👥 raising_hand 🙋 shrug 🤷 face_palm 🤦 bow 🙇 technologist 🧑‍💻 firefighter 🧑‍🚒 mechanic 🧑‍🔧 superhero 🦸 runner 🏃 walking 🚶",
  "Signs": "x ❌ heavy_check_mark ✔️ ballot_box_with_check ☑️ warning ⚠️ no_entry ⛔ no_entry_sign 🚫 octagonal_sign 🛑 exclamation ❗ bangbang ‼️ question ❓ information_source ℹ️ sos 🆘 new 🆕 free 🆓 up 🆙 ok 🆗 red_circle 🔴 large_orange_circle 🟠 large_yellow_circle 🟡 large_green_circle 🟢 large_blue_circle 🔵 large_purple_circle 🟣 large_brown_circle 🟤 black_circle ⚫ white_circle ⚪ large_red_square 🟥 large_orange_square 🟧 large_yellow_square 🟨 large_green_square 🟩 large_blue_square 🟦 black_small_square ▪️ small_orange_diamond 🔸 small_blue_diamond 🔹 small_red_triangle 🔺 small_red_triangle_down 🔻 arrow_up ⬆️ arrow_down ⬇️ arrow_left ⬅️ arrow_right ➡️ arrow_upper_right ↗️ arrow_lower_right ↘️ arrow_right_hook ↪️ leftwards_arrow_with_hook ↩️ arrow_double_up ⏫ arrow_double_down ⏬ arrow_heading_up ⤴️ arrow_heading_down ⤵️ arrows_counterclockwise 🔄 repeat 🔁 heavy_plus_sign ➕ heavy_minus_sign ➖ infinity ♾️ recycle ♻️ white_large_square ⬜ black_large_square ⬛ one 1️⃣ two 2️⃣ three 3️⃣ four 4️⃣ five 5️⃣ six 6️⃣ seven 7️⃣ eight 8️⃣ nine 9️⃣ keycap_ten 🔟 zero 0️⃣ 100 💯 copyright ©️ tm ™️ double_vertical_bar ⏸️ arrow_forward ▶️ black_square_for_stop ⏹️ fast_forward ⏩ end 🔚 soon 🔜 zzz 💤 boom 💥 dizzy 💫 sparkles ✨ star ⭐ star2 🌟 zap ⚡",
  "Things": "ticket 🎫 admission_tickets 🎟️ label 🏷️ bookmark 🔖 pushpin 📌 round_pushpin 📍 paperclip 📎 link 🔗 memo 📝 pencil2 ✏️ clipboard 📋 page_facing_up 📄 newspaper 📰 books 📚 book 📖 notebook 📓 file_folder 📁 open_file_folder 📂 card_index_dividers 🗂️ calendar 📅 spiral_calendar_pad 🗓️ chart_with_upwards_trend 📈 chart_with_downwards_trend 📉 bar_chart 📊 inbox_tray 📥 outbox_tray 📤 package 📦 email ✉️ incoming_envelope 📨 envelope_with_arrow 📩 mailbox 📫 postbox 📮 computer 💻 desktop_computer 🖥️ printer 🖨️ keyboard ⌨️ three_button_mouse 🖱️ floppy_disk 💾 cd 💿 iphone 📱 telephone_receiver 📞 phone ☎️ pager 📟 fax 📠 battery 🔋 electric_plug 🔌 bulb 💡 flashlight 🔦 satellite_antenna 📡 globe_with_meridians 🌐 earth_africa 🌍 wrench 🔧 hammer 🔨 hammer_and_wrench 🛠️ gear ⚙️ nut_and_bolt 🔩 toolbox 🧰 magnet 🧲 ladder 🪜 shield 🛡️ key 🔑 old_key 🗝️ unlock 🔓 closed_lock_with_key 🔐 lock_with_ink_pen 🔏 no_bell 🔕 loudspeaker 📢 mega 📣 mute 🔇 speaker 🔈 microphone 🎤 headphones 🎧 hourglass ⌛ watch ⌚ alarm_clock ⏰ stopwatch ⏱️ timer_clock ⏲️ clock1 🕐 clock3 🕒 clock9 🕘 mantelpiece_clock 🕰️ mag 🔍 mag_right 🔎 microscope 🔬 telescope 🔭 test_tube 🧪 moneybag 💰 credit_card 💳 money_with_wings 💸 scroll 📜 wastebasket 🗑️ door 🚪 mirror 🪞 jigsaw 🧩 dart 🎯 trophy 🏆 sports_medal 🏅 first_place_medal 🥇 gift 🎁 balloon 🎈 confetti_ball 🎊 art 🎨 camera 📷 movie_camera 🎥 tv 📺 radio 📻 thread 🧵 fire_extinguisher 🧯 umbrella ☔ coffin ⚰️ bomb 💣 hole 🕳️ lifebuoy 🛟 construction 🚧 traffic_light 🚦 vertical_traffic_light 🚥 triangular_flag_on_post 🚩 checkered_flag 🏁 white_flag 🏳️ crown 👑 mortar_board 🎓 briefcase 💼 thermometer 🌡️",
  "Nature and travel": "sun_with_face 🌞 sunny ☀️ partly_sunny ⛅ cloud ☁️ rain_cloud 🌧️ thunder_cloud_and_rain ⛈️ snowflake ❄️ rainbow 🌈 ocean 🌊 droplet 💧 moon 🌔 crescent_moon 🌙 evergreen_tree 🌲 seedling 🌱 four_leaf_clover 🍀 rose 🌹 sunflower 🌻 dog 🐶 cat 🐱 bug 🐛 bee 🐝 snail 🐌 turtle 🐢 whale 🐳 penguin 🐧 owl 🦉 unicorn_face 🦄 rocket 🚀 airplane ✈️ car 🚗 ambulance 🚑 fire_engine 🚒 truck 🚚 bike 🚲 train2 🚆 ship 🚢 anchor ⚓ house 🏠 office 🏢 factory 🏭 hospital 🏥 school 🏫",
  "Food and hearts": "coffee ☕ tea 🍵 beer 🍺 beers 🍻 wine_glass 🍷 champagne 🍾 cake 🍰 birthday 🎂 cookie 🍪 doughnut 🍩 pizza 🍕 hamburger 🍔 taco 🌮 apple 🍎 banana 🍌 avocado 🥑 popcorn 🍿 ice_cream 🍨 orange_heart 🧡 yellow_heart 💛 green_heart 💚 blue_heart 💙 purple_heart 💜 black_heart 🖤 white_heart 🤍 broken_heart 💔 two_hearts 💕 sparkling_heart 💖",
};

const ALIASES = {
  thumbsup: "+1", thumbsdown: "-1", satisfied: "laughing", punch: "facepunch", hand: "raised_hand",
  collision: "boom", envelope: "email", telephone: "phone", party: "tada", simple_smile: "slightly_smiling_face",
  orange_circle: "large_orange_circle", yellow_circle: "large_yellow_circle", green_circle: "large_green_circle",
  blue_circle: "large_blue_circle", purple_circle: "large_purple_circle", large_red_circle: "red_circle",
  heavy_exclamation_mark: "exclamation", stop_sign: "octagonal_sign", pause_button: "double_vertical_bar",
  lower_right_arrow: "arrow_lower_right", pencil: "memo", robot: "robot_face", information: "information_source",
  thinking: "thinking_face", ringing_bell: "bell", rolling_eyes: "face_with_rolling_eyes", facepalm: "face_palm",
  lightning: "zap", high_voltage: "zap", female_technologist: "technologist", ring_buoy: "lifebuoy",
};

const byName = new Map();
export const groups = Object.entries(GROUPS).map(([title, words]) => {
  const list = words.split(" ");
  const emoji = [];
  for (let i = 0; i < list.length; i += 2) {
    emoji.push({ name: list[i], char: list[i + 1] });
    byName.set(list[i], list[i + 1]);
  }
  return { title, emoji };
});
for (const [alias, name] of Object.entries(ALIASES)) byName.set(alias, byName.get(name));

const everyEmoji = groups.flatMap((group) => group.emoji);
const TONES = { 2: "🏻", 3: "🏼", 4: "🏽", 5: "🏾", 6: "🏿" };

/** Unicode of a short name such as "eyes", "flag-de" or "wave::skin-tone-3"; null when it is not known. */
export function emojiChar(name) {
  const [plain, tone] = name.split("::skin-tone-");
  const flag = /^flag-([a-z])([a-z])$/.exec(plain);
  if (flag) return String.fromCodePoint(...flag.slice(1).map((letter) => 0x1f1e6 + letter.charCodeAt(0) - 97));
  const char = byName.get(plain);
  if (!char) return null;
  return tone && TONES[tone] ? char.replace("\uFE0F", "") + TONES[tone] : char;
}

/** Emoji whose name contains the words typed, best first. */
export function findEmoji(query, limit = 60) {
  const wanted = query.toLowerCase().replace(/^:|:$/g, "").replace(/\s+/g, "_");
  const hits = everyEmoji.filter((emoji) => emoji.name.includes(wanted));
  return hits.sort((a, b) => Number(b.name.startsWith(wanted)) - Number(a.name.startsWith(wanted))).slice(0, limit);
}

/** A :name: in plain text; splitting by it leaves them at the odd places. */
export const EMOJI_NAME = /(:[a-z0-9_+'-]+(?:::skin-tone-[2-6])?:)/g;

/** Replaces the :names: in plain text by Unicode; unknown ones stay as typed. */
export function withEmoji(text) {
  return text.replace(EMOJI_NAME, (typed) => emojiChar(typed.slice(1, -1)) ?? typed);
}
