// Beside each moment in UTC that a person plans by: the same in their own time.
// Nothing is added where that is UTC too.
const language = document.documentElement.lang;
const isSpoken = (one) => one.split("-")[0] === language;
const spoken = navigator.languages.find(isSpoken) || language;

for (const time of document.querySelectorAll("time[data-local]")) {
  const moment = new Date(time.dateTime);
  if (moment.getTimezoneOffset() === 0) continue;
  const isSameDay = moment.getDate() === moment.getUTCDate();
  const parts = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
  if (!isSameDay) Object.assign(parts, { weekday: "short", day: "numeric", month: "short" });
  const local = moment.toLocaleString(spoken, parts);
  time.append(` (${time.dataset.local.replace("{time}", local)})`);
}
