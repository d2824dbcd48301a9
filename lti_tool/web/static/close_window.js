// Tell the learning platform that registration is done (LTI Dynamic Registration 1.0, 3.7).
// The message goes to the platform's own origins: whoever else holds this window hears nothing.
(() => {
  const holder = window.opener || window.parent;
  if (holder === window) return;
  for (const origin of document.currentScript.dataset.origins.split(" ")) {
    holder.postMessage({ subject: "org.imsglobal.lti.close" }, origin);
  }
})();
