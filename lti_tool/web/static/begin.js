// Keep the proof that this browser began the login, then go on to the learning platform. A browser
// that keeps nothing in a frame is asked into a tab of its own, before anything is used up.
(() => {
  const login = document.currentScript.dataset;
  const root = document.documentElement;
  const key = `login:${login.state}`;
  const goOn = () => location.replace(login.next);
  const hasCookie = () => {
    try { return document.cookie.includes("kept="); } catch { return false; }
  };
  const isKept = storage.set(key, login.proof) || hasCookie();
  const asked = storage.ofPlatform?.("lti.put_data", key, login.proof, login) ?? Promise.reject();
  asked.then(goOn, () => isKept || root.classList.add("unproven"));
  if (isKept) goOn();
})();
