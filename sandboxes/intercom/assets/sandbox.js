// Copies the field beside the button; without scripts the field can be selected by hand.
document.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-copy]");
  if (!button) return;
  const field = document.getElementById(button.dataset.copy);
  field.select();
  const said = () => { button.textContent = "Copied"; };
  if (navigator.clipboard) navigator.clipboard.writeText(field.value).then(said, () => {});
  else if (document.execCommand("copy")) said();
});
for (const button of document.querySelectorAll("button[data-copy]")) button.hidden = false;
