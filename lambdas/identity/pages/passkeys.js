// What a page asks of authenticators: it only carries, and the server verifies.
"use strict";

const bytes = (text) =>
  Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (one) => one.charCodeAt(0));

const text = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");

/** Send a form with what the authenticator answered, in the form of WebAuthn's own JSON. */
function send(form, credential) {
  const parts = [
    ...["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"],
  ].filter((name) => credential.response[name]);
  form.elements.credential.value = JSON.stringify({
    id: credential.id,
    rawId: credential.id,
    type: credential.type,
    clientExtensionResults: {},
    response: Object.fromEntries(parts.map((name) => [name, text(credential.response[name])])),
  });
  form.submit();
}

const WORDS = {
  InvalidStateError: "This device holds a passkey for your account already.",
  NotAllowedError: "That was cancelled, or took too long. Try again.",
};

function say(form, error) {
  form.querySelector("[role=alert]").textContent =
    WORDS[error.name] ?? "That did not work on this device. Try again, or choose another way.";
}

/** Have something signed by the button: a sign-in, or a change of the account. */
function prove(form) {
  let waiting = new AbortController();

  async function ask(mediation) {
    waiting.abort();
    waiting = new AbortController();
    const { signal } = waiting;
    const answer = await fetch(form.dataset.options, { method: "POST", signal });
    if (!answer.ok) throw new Error(`${answer.status}`);
    const options = await answer.json();
    const publicKey = { ...options, challenge: bytes(options.challenge) };
    send(form, await navigator.credentials.get({ publicKey, mediation, signal }));
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    form.querySelector("[role=alert]").textContent = "";
    ask("optional").catch((error) => say(form, error));
  });
  form.hidden = false;
  return ask;
}

/** Let somebody sign in: by the button, or by the passkeys that the address field suggests. */
function signIn(form) {
  const ask = prove(form);
  // Suggestions are a help: without them there are the button and the password.
  PublicKeyCredential.isConditionalMediationAvailable?.()
    .then((available) => available && ask("conditional"))
    .catch(() => undefined);
}

/** Have another passkey made, with the options that came with the page. */
function add(form) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    form.querySelector("[role=alert]").textContent = "";
    const options = JSON.parse(form.dataset.options);
    const publicKey = {
      ...options,
      challenge: bytes(options.challenge),
      user: { ...options.user, id: bytes(options.user.id) },
      excludeCredentials: options.excludeCredentials.map((one) => ({ ...one, id: bytes(one.id) })),
    };
    navigator.credentials
      .create({ publicKey })
      .then((credential) => send(form, credential))
      .catch((error) => say(form, error));
  });
  form.hidden = false;
}

if (window.PublicKeyCredential) {
  const forms = { "passkey-sign-in": signIn, "passkey-confirm": prove, "passkey-add": add };
  for (const [id, begin] of Object.entries(forms)) {
    const form = document.getElementById(id);
    if (form) begin(form);
  }
}
