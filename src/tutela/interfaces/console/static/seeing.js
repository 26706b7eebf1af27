// Shows a file while a button is held, or for five seconds, and says for how long. It is asked for
// only then, is drawn from an address that works once, and is dropped with the page. One key blanks.
"use strict";

(() => {
  const SHOWS = 5000;
  const TELLS = 60000;
  const WHOLE = 1;
  const cards = new WeakMap();
  let shown = null;
  let timer = 0;

  const of = (card) => {
    if (!cards.has(card)) cards.set(card, { wanted: false, seconds: 0 });
    return cards.get(card);
  };
  const part = (card, name) => card.querySelector(`[data-${name}]`);
  const say = (card, text) => {
    const status = part(card, "status");
    if (status) status.textContent = text;
  };
  const blank = () => document.getElementById("blank");
  const blanked = () => blank() !== null && !blank().hidden;

  async function send(path, fields) {
    const token = document.querySelector('meta[name="csrf"]')?.content ?? "";
    return fetch(path, {
      method: "POST",
      headers: { "X-CSRF-Token": token },
      body: new URLSearchParams(fields),
      cache: "no-store",
      keepalive: true,
      redirect: "error",
    });
  }

  async function begin(card) {
    const state = of(card);
    const frame = part(card, "frame");
    const rendering = part(card, "rendering").value;
    if (state.image && state.rendering === rendering) return state.image;
    drop(card);
    say(card, part(card, "status").dataset.loading);
    const why = part(card, "why").value;
    const reply = await send(card.dataset.seeing, { rendering, why });
    const told = await reply.json().catch(() => ({}));
    if (!reply.ok) {
      part(card, "reason").hidden = !told.limit && part(card, "reason").hidden;
      throw new Error(told.what ? `${told.what} ${told.hint ?? ""}` : "");
    }
    part(card, "why").value = "";
    part(card, "reason").hidden = true;
    const image = new Image();
    image.className = "derivative";
    image.alt = frame.dataset.alt;
    image.draggable = false;
    image.src = told.picture;
    await image.decode();
    Object.assign(state, { image, rendering, view: told.view, seconds: 0 });
    frame.replaceChildren(image);
    say(card, "");
    return image;
  }

  async function reveal(card) {
    if (blanked()) return;
    const state = of(card);
    if (shown && shown !== card) hide(shown);
    state.wanted = true;
    if (state.loading) return;
    state.loading = true;
    try {
      await begin(card);
      if (!state.wanted || blanked()) return;
      part(card, "frame").hidden = false;
      state.since = performance.now();
      shown = card;
    } catch (error) {
      state.wanted = false;
      say(card, (error instanceof Error && error.message) || part(card, "status").dataset.failed);
    } finally {
      state.loading = false;
    }
  }

  function hide(card) {
    const state = of(card);
    state.wanted = false;
    const frame = part(card, "frame");
    if (frame) frame.hidden = true;
    if (shown === card) shown = null;
    if (state.since === undefined) return;
    state.seconds += (performance.now() - state.since) / 1000;
    state.since = undefined;
    const whole = state.seconds >= WHOLE;
    const path = `/console/views/${state.view}/seconds`;
    send(path, { seconds: state.seconds.toFixed(3), whole }).catch(() => {});
  }

  function drop(card) {
    const state = of(card);
    part(card, "frame")?.replaceChildren();
    Object.assign(state, { image: undefined, view: undefined, rendering: undefined, seconds: 0 });
  }

  function hideAll() {
    clearTimeout(timer);
    for (const card of document.querySelectorAll("[data-seeing]")) {
      hide(card);
      drop(card);
    }
  }

  const cardOf = (event, name) => {
    const button = event.target instanceof Element ? event.target.closest(`[data-${name}]`) : null;
    return button?.closest("[data-seeing]") ?? null;
  };

  // ---- hold ------------------------------------------------------------------------------------

  document.addEventListener("pointerdown", (event) => {
    const card = event.button === 0 ? cardOf(event, "hold") : null;
    if (!card) return;
    event.target.setPointerCapture?.(event.pointerId);
    reveal(card);
  });
  for (const name of ["pointerup", "pointercancel", "lostpointercapture"]) {
    document.addEventListener(name, (event) => {
      const card = cardOf(event, "hold");
      if (card) hide(card);
    });
  }
  document.addEventListener("keydown", (event) => {
    if (event.key !== " " && event.key !== "Enter") return;
    const card = cardOf(event, "hold");
    if (!card) return;
    event.preventDefault();
    if (!event.repeat) reveal(card);
  });
  document.addEventListener("keyup", (event) => {
    const card = event.key === " " || event.key === "Enter" ? cardOf(event, "hold") : null;
    if (card) hide(card);
  });
  document.addEventListener("focusout", (event) => {
    const card = cardOf(event, "hold");
    if (card) hide(card);
  });
  document.addEventListener("contextmenu", (event) => {
    if (cardOf(event, "hold") || cardOf(event, "frame")) event.preventDefault();
  });

  // ---- or for five seconds ---------------------------------------------------------------------

  document.addEventListener("click", async (event) => {
    const card = cardOf(event, "toggle");
    if (!card) return;
    clearTimeout(timer);
    if (shown === card) {
      hide(card);
      return;
    }
    await reveal(card);
    timer = setTimeout(() => hide(card), SHOWS);
  });

  // ---- away ------------------------------------------------------------------------------------

  function goBlank() {
    hideAll();
    tellReading();
    const screen = blank();
    if (!screen) return;
    screen.hidden = false;
    document.getElementById("blank-end")?.focus();
  }

  document.addEventListener("keydown", (event) => {
    const typing = event.target instanceof Element && event.target.closest("input, textarea, select");
    const letter = event.key.toLowerCase() === "b" && !event.ctrlKey && !event.metaKey && !event.altKey;
    if (event.key === "Escape" || (letter && !typing)) {
      if (!blanked()) goBlank();
    } else if (event.key === "Tab" && blanked()) {
      event.preventDefault();
      document.getElementById("blank-end")?.focus();
    }
  });
  document.addEventListener("click", (event) => {
    if (!(event.target instanceof Element) || event.target.id !== "blank-end") return;
    blank().hidden = true;
    reading = performance.now();
  });
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) {
      hideAll();
      tellReading();
    } else {
      reading = performance.now();
    }
  });
  window.addEventListener("pagehide", () => {
    hideAll();
    tellReading();
  });

  // ---- texts count too -------------------------------------------------------------------------

  let reading = performance.now();
  let moved = performance.now();
  for (const name of ["pointermove", "keydown", "scroll"]) {
    document.addEventListener(name, () => { moved = performance.now(); }, { passive: true });
  }
  function tellReading() {
    const place = document.querySelector("[data-reading]");
    const now = performance.now();
    const until = Math.min(now, moved + TELLS);
    const seconds = (until - reading) / 1000;
    reading = now;
    if (!place || seconds < 1) return;
    send(place.dataset.reading, { seconds: seconds.toFixed(1) }).catch(() => {});
  }
  setInterval(() => {
    if (!document.hidden && !blanked()) tellReading();
  }, TELLS);
})();
