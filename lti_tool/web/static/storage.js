// Where a frame without cookies keeps something: its own storage, or the learning platform's
// (LTI Platform Storage 0.1), which is asked by messages that only the platform's origin can read.
// Every access may fail: some browsers block storage in frames as a whole.
const storage = {
  get(key) {
    try { return sessionStorage.getItem(key); } catch { return null; }
  },
  set(key, value) {
    try { sessionStorage.setItem(key, value); } catch {}
    return this.get(key) === value;
  },
  remove(key) {
    try { sessionStorage.removeItem(key); } catch {}
  },
  askPlatform(subject, key, value, { target, platform }) {
    return new Promise((resolve, reject) => {
      const holder = window.opener || window.parent;
      const frame = target === "_parent" ? holder : holder.frames[target];
      if (!target || !frame || holder === window) return reject();
      const message_id = `${subject} ${key}`;
      addEventListener("message", ({ origin, data }) => {
        if (origin !== platform || !data || data.message_id !== message_id) return;
        if (data.error) reject(); else resolve(data.value);
      });
      setTimeout(reject, 3000);
      frame.postMessage({ subject, message_id, key, value }, platform);
    });
  },
};
