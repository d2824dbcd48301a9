// Copy what stands in a field; the button is there only where the browser can.
(() => {
  const button = document.getElementById("copy");
  if (!button || !navigator.clipboard) return;
  const field = document.getElementById(button.dataset.copies);
  button.hidden = false;
  button.addEventListener("click", async () => {
    field.select();
    await navigator.clipboard.writeText(field.value);
    document.getElementById("copied").hidden = false;
  });
})();
