// Make or use a passkey when a form is sent: the browser's answer goes into its hidden field.
// Without this script, or where the browser has no passkeys, the form stays hidden.
(() => {
  const form = document.querySelector("form[data-passkey]");
  if (!form || !window.PublicKeyCredential) return;
  const problem = document.getElementById("passkey-problem");

  const bytes = (text) =>
    Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
  const text = (buffer) =>
    btoa(String.fromCharCode(...new Uint8Array(buffer)))
      .replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  const named = (list) => (list || []).map((one) => ({ ...one, id: bytes(one.id) }));

  const options = JSON.parse(form.dataset.options);
  options.challenge = bytes(options.challenge);
  if (options.user) options.user.id = bytes(options.user.id);
  options.excludeCredentials = named(options.excludeCredentials);
  options.allowCredentials = named(options.allowCredentials);

  const written = (credential) => {
    const response = {};
    for (const part of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
      if (credential.response[part]) response[part] = text(credential.response[part]);
    }
    return JSON.stringify({
      id: credential.id, rawId: text(credential.rawId), type: credential.type, response,
      clientExtensionResults: {},
    });
  };

  form.hidden = false;
  document.getElementById("passkey-missing")?.remove();
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    problem.hidden = true;
    try {
      const asked = { publicKey: options };
      const make = form.dataset.passkey === "create";
      const credential = await (make ? navigator.credentials.create(asked) : navigator.credentials.get(asked));
      form.elements.credential.value = written(credential);
      form.submit();
    } catch (error) {
      problem.hidden = false;
      problem.focus();
    }
  });
})();
