// Keys of the back office: `?` shows them, and a switch there turns them off. Each
// [data-keys] of that dialog is a link: to a page, or to a field of this one.
const dialog = document.getElementById("shortcuts");
const opener = document.getElementById("show-shortcuts");

if (dialog && opener) {
  const links = [...dialog.querySelectorAll("[data-keys]")];
  const isOn = dialog.querySelector("input[type=checkbox]");
  let typed = "";
  let timer = 0;

  isOn.checked = localStorage.getItem("shortcuts") !== "off";
  isOn.addEventListener("change", () => {
    localStorage.setItem("shortcuts", isOn.checked ? "on" : "off");
  });
  opener.hidden = false;
  opener.addEventListener("click", () => dialog.showModal());

  const follow = (link) => {
    const field = link.hash && document.querySelector(link.hash);
    if (dialog.open) dialog.close();
    if (field) field.focus();
    else link.click();
  };

  const isTyping = (element) =>
    element.isContentEditable || /^(input|textarea|select)$/i.test(element.tagName);

  document.addEventListener("keydown", (event) => {
    if (!isOn.checked || event.ctrlKey || event.metaKey || event.altKey) return;
    if (isTyping(event.target)) return;
    if (event.key === "?") {
      event.preventDefault();
      if (!dialog.open) dialog.showModal();
      return;
    }
    if (event.key.length !== 1) return;
    typed = `${typed} ${event.key}`.trim();
    clearTimeout(timer);
    timer = setTimeout(() => { typed = ""; }, 1500);
    const link = links.find((one) => one.dataset.keys === typed);
    if (link) {
      event.preventDefault();
      typed = "";
      follow(link);
    } else if (!links.some((one) => one.dataset.keys.startsWith(`${typed} `))) {
      typed = "";
    }
  });
}
