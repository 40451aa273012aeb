"use strict";
// The colours: as the system has them, unless the reader chooses. The choice is kept where the browser allows it.
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
    button.textContent = `Colours: ${choice}`;
    button.value = choice;
  };
  button.addEventListener("click", () => {
    choose(choices[(choices.indexOf(button.value) + 1) % choices.length]);
    try {
      localStorage.setItem("wireproof-theme", button.value);
    } catch {
      // The choice lasts as long as the page.
    }
  });
  choose(choices.includes(kept()) ? kept() : "auto");
  button.hidden = false;
}
