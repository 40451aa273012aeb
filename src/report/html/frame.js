"use strict";
// // The color scheme of the system, unless the user chooses another one. The browser stores the choice if it can.
{
  const choices = ["auto", "light", "dark"];
  const button = document.getElementById("theme");
  const kept = () => {
    try {
      return localStorage.getItem("wireproof-theme");
    } catch {
      return null;
    }
  };
  const choose = (choice) => {
    if (choice === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = choice;
    button.textContent = `Colors: ${choice}`;
    button.value = choice;
  };
  button.addEventListener("click", () => {
    choose(choices[(choices.indexOf(button.value) + 1) % choices.length]);
    try {
      localStorage.setItem("wireproof-theme", button.value);
    } catch {
      // // The choice lasts until the page is closed.
    }
  });
  choose(choices.includes(kept()) ? kept() : "auto");
  button.hidden = false;
}
