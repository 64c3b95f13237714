const counter = document.getElementById("counter");

counter.addEventListener("click", () => {
  counter.textContent = Number(counter.textContent) + 1;
});
