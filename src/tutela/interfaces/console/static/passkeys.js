// Passkeys: asks the service what is to be signed or made, has the browser do it, and sends the
// answer with the form. Shows what needs it only where the browser can.
"use strict";

const bytes = (text) => {
  const padded = text.replaceAll("-", "+").replaceAll("_", "/");
  return Uint8Array.from(atob(padded), (one) => one.charCodeAt(0));
};

const text = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

const described = (list) => (list ?? []).map((one) => ({ ...one, id: bytes(one.id) }));

async function created(options) {
  const made = await navigator.credentials.create({
    publicKey: {
      ...options,
      challenge: bytes(options.challenge),
      user: { ...options.user, id: bytes(options.user.id) },
      excludeCredentials: described(options.excludeCredentials),
    },
  });
  return {
    id: made.id, rawId: text(made.rawId), type: made.type,
    authenticatorAttachment: made.authenticatorAttachment,
    clientExtensionResults: made.getClientExtensionResults(),
    response: {
      clientDataJSON: text(made.response.clientDataJSON),
      attestationObject: text(made.response.attestationObject),
      transports: made.response.getTransports?.() ?? [],
    },
  };
}

async function shown(options) {
  const found = await navigator.credentials.get({
    publicKey: {
      ...options,
      challenge: bytes(options.challenge),
      allowCredentials: described(options.allowCredentials),
    },
  });
  return {
    id: found.id, rawId: text(found.rawId), type: found.type,
    authenticatorAttachment: found.authenticatorAttachment,
    clientExtensionResults: found.getClientExtensionResults(),
    response: {
      clientDataJSON: text(found.response.clientDataJSON),
      authenticatorData: text(found.response.authenticatorData),
      signature: text(found.response.signature),
      userHandle: found.response.userHandle ? text(found.response.userHandle) : null,
    },
  };
}

async function fill(form) {
  const token = document.querySelector('meta[name="csrf"]')?.content;
  const answer = await fetch(form.dataset.options, {
    method: "POST", headers: token ? { "X-CSRF-Token": token } : {},
  });
  if (!answer.ok) throw new Error(`options: ${answer.status}`);
  const options = await answer.json();
  const given = form.dataset.passkey === "create" ? await created(options) : await shown(options);
  form.elements.credential.value = JSON.stringify(given);
}

if (window.PublicKeyCredential) {
  for (const part of document.querySelectorAll("[data-passkey-only]")) part.hidden = false;
}

for (const form of document.querySelectorAll("form[data-passkey]")) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    event.stopPropagation();
    const wrong = form.querySelector("[data-passkey-wrong]");
    wrong.hidden = true;
    fill(form).then(
      () => form.submit(),
      () => {
        wrong.textContent = wrong.dataset.text;
        wrong.hidden = false;
      },
    );
  });
}
