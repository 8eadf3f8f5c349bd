/* Asks the browser for a passkey: to make one (data-passkey-make) or to prove one (data-passkey-use).
   What the portal asks for stands in that attribute as JSON; the answer goes into the hidden field and the form is sent. */
"use strict";

const supported = "PublicKeyCredential" in window && "webauthnJSON" in window;

function answer(form, found) {
  form.querySelector("[data-passkey=credential]").value = JSON.stringify(found);
  form.requestSubmit();
}

function failed(form, error) {
  // A device that holds a passkey of this person makes no second one.
  const known = error?.name === "InvalidStateError" ? form.querySelector("[data-passkey=known]") : null;
  const note = known ?? form.querySelector("[data-passkey=failed]");
  for (const one of form.querySelectorAll("[data-passkey][role=alert]")) one.hidden = true;
  note.hidden = false;
  note.focus();
}

for (const form of document.querySelectorAll("form[data-passkey-make]")) {
  const field = form.querySelector("[data-passkey=credential]");
  field.value = "";
  form.addEventListener("submit", (event) => {
    // Without a name nothing is made: the device would keep a passkey that the portal never took.
    if (field.value !== "" || !supported || form.elements.namedItem("name").value.trim() === "") return;
    event.preventDefault();
    window.webauthnJSON.create(JSON.parse(form.dataset.passkeyMake)).then(
      (made) => answer(form, made),
      (error) => failed(form, error),
    );
  });
}

for (const form of document.querySelectorAll("form[data-passkey-use]")) {
  const button = form.querySelector("button");
  if (supported) form.hidden = false;
  button.addEventListener("click", () => {
    window.webauthnJSON.get(JSON.parse(form.dataset.passkeyUse)).then(
      (proof) => answer(form, proof),
      (error) => failed(form, error),
    );
  });
}
