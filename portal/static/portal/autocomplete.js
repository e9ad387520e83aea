/* A box that completes what is typed has no name for who hears it, and calls its text a field: it takes the label. */
// jQuery keeps the order in which it was asked: the boxes are made before this runs.
window.addEventListener("load", () => django.jQuery(() => {
  document.querySelectorAll("select.admin-autocomplete").forEach((select) => {
    const box = select.parentElement.querySelector(".select2-selection");
    const shown = box?.querySelector(".select2-selection__rendered");
    const label = select.labels[0];
    if (!shown || !label) return;
    label.id ||= `${select.id}_label`;
    box.setAttribute("aria-labelledby", `${label.id} ${shown.id}`);
    ["role", "aria-readonly"].forEach((name) => shown.removeAttribute(name));
  });
}));
