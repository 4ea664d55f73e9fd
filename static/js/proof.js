// Finds the number that a form needs as proof that it was not sent by a cheap bot (accounts/bots.py), while the person types.
// Without this file, or before it is done, the form can be sent too.
"use strict";

const HASHES_AT_ONCE = 256;

async function findProof(token, bits) {
  const encoder = new TextEncoder();
  for (let start = 0; ; start += HASHES_AT_ONCE) {
    const numbers = Array.from({ length: HASHES_AT_ONCE }, (_, n) => start + n);
    const hashes = await Promise.all(numbers.map((n) => crypto.subtle.digest("SHA-256", encoder.encode(`${token}:${n}`))));
    const found = hashes.findIndex((hash) => new DataView(hash).getUint32(0) >>> (32 - bits) === 0);
    if (found >= 0) return numbers[found];
  }
}

// Browsers offer these hashes only on secure pages.
if (window.crypto && crypto.subtle) {
  document.querySelectorAll("input[data-proof]").forEach(async (proof) => {
    proof.value = await findProof(proof.form.elements.token.value, Number(proof.dataset.proof));
  });
}
