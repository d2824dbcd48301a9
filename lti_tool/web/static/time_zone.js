// Propose the time zone of this device, first in the list; nothing is chosen by it.
(() => {
  const list = document.getElementById("time_zone");
  const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const known = [...list.querySelectorAll("option")].find(
    (one) => one.value === here || (one.dataset.also || "").split(" ").includes(here),
  );
  if (!known?.value || known.selected) return;
  const group = document.createElement("optgroup");
  group.label = list.dataset.here;
  group.append(known.cloneNode(true));
  list.options[0].after(group);
})();
