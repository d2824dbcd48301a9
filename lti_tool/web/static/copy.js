// Copy what stands in a field; the button is there only where the browser can. In the frame of another
// site browsers keep the clipboard from scripts, but not from a press on a button.
(() => {
  const button = document.getElementById("copy");
  if (!button) return;
  const field = document.getElementById(button.dataset.copies);
  button.hidden = false;
  button.addEventListener("click", async () => {
    field.select();
    try {
      await navigator.clipboard.writeText(field.value);
    } catch {
      if (!document.execCommand("copy")) return;
    }
    document.getElementById("copied").hidden = false;
  });
})();
