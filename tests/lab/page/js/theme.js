// Light or dark: what the system says, until somebody chooses.

const KEY = "nightdesk-theme";
const NEXT = { auto: "light", light: "dark", dark: "auto" };
const SIGNS = { auto: "🌗", light: "☀️", dark: "🌙" };

/** Make the button cycle through the system's choice, light and dark. */
export function wireTheme(button) {
  let theme = localStorage.getItem(KEY);
  if (!Object.hasOwn(NEXT, theme)) theme = "auto";
  const show = () => {
    if (theme === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
    button.textContent = SIGNS[theme];
    const name = `Theme: ${theme === "auto" ? "as the system" : theme}`;
    button.setAttribute("aria-label", name);
    button.title = name;
  };
  button.addEventListener("click", () => {
    theme = NEXT[theme];
    localStorage.setItem(KEY, theme);
    show();
  });
  show();
}
