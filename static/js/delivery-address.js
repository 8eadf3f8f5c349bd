/* The delivery address follows the customer number, for as long as it is the address of one of them. */
"use strict";

(() => {
  const number = document.getElementById("id_customer_number");
  const known = [...document.querySelectorAll("[data-address]")];
  if (!number || !known.length) return;
  const parts = ["recipient", "street", "postal_code", "town", "country"];
  const field = (part) => document.getElementById(`id_${part}`);
  // What was typed is nobody's address, and stays.
  const isOf = (address) => parts.every((part) => field(part).value === address.getAttribute(`data-${part}`));

  number.addEventListener("change", () => {
    const next = known.find((address) => address.dataset.address === number.value);
    if (!next || !known.some(isOf)) return;
    for (const part of parts) field(part).value = next.getAttribute(`data-${part}`);
  });
})();
