/* Passkeys: a form says `data-passkey` (create or get) and `data-options`; what the browser answers goes into it. */
"use strict";

(() => {
  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (one) => one.charCodeAt(0));
  const text = (buffer) =>
    btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  const known = (list) => (list || []).map((one) => ({ ...one, id: bytes(one.id) }));

  async function ask(kind, options) {
    const challenge = bytes(options.challenge);
    if (kind === "create") {
      const user = { ...options.user, id: bytes(options.user.id) };
      const publicKey = { ...options, challenge, user, excludeCredentials: known(options.excludeCredentials) };
      return navigator.credentials.create({ publicKey });
    }
    return navigator.credentials.get({
      publicKey: { ...options, challenge, allowCredentials: known(options.allowCredentials) },
    });
  }

  function told(credential) {
    const response = {};
    for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
      if (credential.response[name]) response[name] = text(credential.response[name]);
    }
    return JSON.stringify({
      id: credential.id, rawId: text(credential.rawId), type: credential.type, response, clientExtensionResults: {},
    });
  }

  document.addEventListener("submit", async (event) => {
    const form = event.target.closest?.("form[data-passkey]");
    if (!form || form.dataset.answered) return;
    event.preventDefault();
    const problem = form.querySelector("[data-passkey-problem]");
    problem.hidden = true;
    try {
      const credential = await ask(form.dataset.passkey, JSON.parse(form.dataset.options));
      form.elements.credential.value = told(credential);
      form.dataset.answered = "yes";
      form.requestSubmit();
    } catch {
      problem.hidden = false;
    }
  });

  /* Where there is no script, or the browser knows no passkeys, this door stays hidden. */
  const show = () => {
    if (!window.PublicKeyCredential) return;
    document.querySelectorAll("form[data-passkey][hidden]").forEach((form) => { form.hidden = false; });
  };
  document.addEventListener("htmx:afterSettle", show);
  show();
})();
