"use strict";
// A click on the heading of a column sorts the table by this column. The heading contains a button, so that the keyboard
// works too. Its attribute aria-sort holds the present order.
for (const table of document.querySelectorAll("table.sortable")) {
  const headings = Array.from(table.tHead.rows[0].cells);
  headings.forEach((heading, column) => {
    heading.querySelector("button").addEventListener("click", () => sort(table, headings, column));
  });
}

function sort(table, headings, column) {
  const heading = headings[column];
  const isNumeric = heading.classList.contains("num");
  const before = heading.getAttribute("aria-sort");
  const order = before ? (before === "ascending" ? "descending" : "ascending") : isNumeric ? "descending" : "ascending";
  headings.forEach((other) => other.removeAttribute("aria-sort"));
  heading.setAttribute("aria-sort", order);
  const body = table.tBodies[0];
  const rows = Array.from(body.rows);
  rows.sort((a, b) => compare(a.cells[column], b.cells[column], isNumeric, order === "ascending" ? 1 : -1));
  body.append(...rows);
}

// Cells without a value come last in both orders.
function compare(a, b, isNumeric, sign) {
  const [x, y] = [value(a), value(b)];
  if (x === "" || y === "") return (x === "") - (y === "");
  return sign * (isNumeric ? Number(x) - Number(y) : x.localeCompare(y, "en", { numeric: true }));
}

function value(cell) {
  return cell.dataset.sort ?? cell.textContent.trim();
}

// The box of a table that is wider than the box gets the class is-wider, which shows a hint to scroll. A box changes its
// size with the window, and when the <details> element that contains it is opened.
const boxes = new ResizeObserver((entries) => {
  for (const { target } of entries) target.classList.toggle("is-wider", target.scrollWidth > target.clientWidth + 1);
});
document.querySelectorAll(".scroll").forEach((box) => boxes.observe(box));

// Closed <details> elements are open while the page is printed.
let opened = [];
addEventListener("beforeprint", () => {
  opened = Array.from(document.querySelectorAll("details:not([open])"));
  opened.forEach((part) => { part.open = true; });
});
addEventListener("afterprint", () => opened.forEach((part) => { part.open = false; }));
