// Leaving the public page at once, so that "back" does not lead here. Without this file, the link
// works, but the page stays in the browser's history.
"use strict";

const link = document.getElementById("leave");

function leave() {
  document.body.replaceChildren();
  window.location.replace(link.href);
}

link?.addEventListener("click", (event) => {
  event.preventDefault();
  leave();
});

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && link) leave();
});
