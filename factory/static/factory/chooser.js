// Offers rows by a part of their names where a form of the admin takes the number of a row.
const WAIT_MS = 200
const asking = new WeakMap()

async function offer(input) {
  const list = input.nextElementSibling
  const asked = new URLSearchParams(list.dataset.asks)
  asked.set("term", input.value)
  const answer = await fetch(`/admin/autocomplete/?${asked}`)
  if (!answer.ok || asked.get("term") !== input.value) return
  const { results } = await answer.json()
  list.replaceChildren(...results.map(({ id, text }) => new Option(`${text} (${id})`, id)))
}

function named(input) {
  const list = input.nextElementSibling
  const chosen = [...list.options].find((one) => one.value === input.value)
  list.nextElementSibling.textContent = chosen ? chosen.text : ""
  return chosen
}

for (const list of document.querySelectorAll("datalist[data-asks]")) {
  const input = list.previousElementSibling
  list.id = `${input.id}_offered`
  input.setAttribute("list", list.id)
  input.addEventListener("input", () => {
    clearTimeout(asking.get(input))
    if (!named(input)) asking.set(input, setTimeout(() => offer(input), WAIT_MS))
  })
}
