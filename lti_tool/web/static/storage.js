// Where a frame without cookies keeps something. Every access may fail: some browsers block storage
// in frames as a whole.
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
};
