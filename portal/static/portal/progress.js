// Shows how far background work is, and the page anew when it is over.
"use strict";

const EVERY = 2000; // milliseconds
const shown = document.getElementById("at-work");

async function look() {
  const answer = await fetch(location.href);
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const now = page.getElementById("at-work");
  if (!answer.ok || !now) {
    location.reload();
    return;
  }
  shown.replaceChildren(...now.childNodes);
  setTimeout(look, EVERY);
}

if (shown) {
  setTimeout(look, EVERY);
}
