// Keep values for tools, apart for each origin (LTI Platform Storage 0.1).
(() => {
  const kept = new Map();
  addEventListener("message", ({ data, origin, source }) => {
    const { subject, message_id, key, value } = data || {};
    const place = `${origin} ${key}`;
    if (subject === "lti.put_data") kept.set(place, value);
    else if (subject !== "lti.get_data") return;
    const answer = { subject: `${subject}.response`, message_id, key, value: kept.get(place) };
    source.postMessage(answer, origin);
  });
})();
