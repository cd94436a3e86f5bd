// The agent's desk: keys, ring, search, dialling, outcome. Drafts are in draft.js, patches in live.js.
import { all, body, busy, byId, closeMenus, fieldsOf, find, hooks, isUp, leave, on, parse, post, toast, words } from "./live.js";
import { changed, flush, adopt, settled, dropCopy, conflictIn } from "./draft.js";

const live = ["originating", "ringing-far", "ringing", "talking", "held"];
const outcome = () => byId("outcome");
const setting = (name) => localStorage.getItem("belbrug-" + name) !== "off";
const locale = document.documentElement.lang === "nl" ? "nl-NL" : "en-IE";

// keys that make a repeated request harmless
function freshKey() {
	if (crypto.randomUUID) return crypto.randomUUID();
	return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function keyDials(form) {
	for (const input of all("[data-fresh-key]", form || document)) if (form || !input.value) input.value = freshKey();
}

// the outcome's form
function choose(byKey) {
	const form = outcome();
	if (!form) return;
	const code = find("input[name=code]:checked", form)?.value;
	for (const set of all("fieldset[data-for]", form)) set.disabled = set.hidden = set.dataset.for !== code;
	body.classList.toggle("picked", !!code);
	find(".picker", form).classList.add("closed");
	const set = code && find(`fieldset[data-for="${code}"]`, form);
	summarise();
	const field = set && byKey && find("input, select, textarea", set);
	if (field) { field.focus({ preventScroll: true }); field.select?.(); }
	if (set) set.scrollIntoView({ block: "nearest" });
}

/** "1.234,56", "1234.56" and "1 234,56" are 123456; NaN when it is no amount. */
function cents(text) {
	const plain = text.replace(/[€\s]/g, "");
	const [, whole, part = ""] = /^(.*?)(?:[.,](\d{1,2}))?$/.exec(plain) || [];
	if (!whole || !/^\d{1,3}([.,]?\d{3})*$|^\d+$/.test(whole)) return NaN;
	return Number(whole.replace(/[.,]/g, "")) * 100 + Number(part.padEnd(2, "0"));
}

function summarise() {
	const quote = outcome() && find("[data-summary]", outcome());
	if (!quote) return;
	const value = (name) => find("#PTP-" + name).value;
	const [amount, date, method] = [cents(value("amount")), value("promise_date"), find("#PTP-method")];
	const put = amount > 0 && date && method.value && {
		"%a": (amount / 100).toLocaleString(locale, { style: "currency", currency: "EUR" }),
		"%d": new Date(date + "T12:00").toLocaleDateString(locale, { weekday: "long", day: "numeric", month: "long" }),
		"%m": method.selectedOptions[0].textContent,
	};
	quote.textContent = put ? quote.dataset.summary.replace(/%[adm]/g, (place) => put[place]) : quote.dataset.summaryEmpty;
}

function complain(form, errors, message) {
	const loose = [];
	for (const [field, problem] of Object.entries(errors || {})) {
		const active = (attribute) => all(`[${attribute}="${CSS.escape(field)}"]`, form).find((el) => !el.closest("fieldset[disabled]"));
		const [place, input] = [active("data-error-for"), active("name")];
		if (place) place.textContent = problem;
		else loose.push(problem);
		input?.setAttribute("aria-invalid", "true");
	}
	find("#form-message", form).textContent = [message, ...loose].filter(Boolean).join(" ");
	find("[aria-invalid]", form)?.focus();
}

function forgive(form, field) {
	for (const place of all("[data-error-for]", form)) if (!field || [field, "form"].includes(place.dataset.errorFor)) place.textContent = "";
	for (const input of all("[aria-invalid]", form)) if (!field || input.name === field) input.removeAttribute("aria-invalid");
}

let arrived = -1000;
async function save(form) {
	// the second press of a double one is not meant for the file that has just appeared
	if (form.dataset.busy !== undefined || performance.now() - arrived < 900) return;
	forgive(form);
	if (!find("input[name=code]:checked", form)) {
		return complain(form, { code: words("NoOutcome") });
	}
	busy(form, true);
	await settled();
	const answer = await post("/desk/outcome", fieldsOf(form));
	if (answer.ok) {
		dropCopy(form);
		toast(words("Done"), "info");
		// the next file comes by the stream, else by loading the page
		setTimeout(() => { if (form.isConnected) location.reload(); }, isUp() ? 2500 : 0);
		return;
	}
	busy(form, false);
	changed(form, true);
	if (answer.status === 409 && answer.version !== undefined) conflictIn(form, answer);
	complain(form, answer.errors, answer.message);
}

on("submit", (event) => {
	if (event.target.id !== "outcome") return;
	event.preventDefault();
	save(event.target);
});

function edited(event) {
	const form = event.target.closest("#outcome");
	if (!form || event.target.hasAttribute("data-no-draft")) return;
	if (event.target.name === "code") { forgive(form); choose(false); }
	else forgive(form, event.target.name);
	if (["amount", "promise_date", "method"].includes(event.target.name)) {
		// what was confirmed was another promise
		byId("PTP-summary_confirmed").checked = false;
		summarise();
	}
	changed(form, event.type === "change");
}
on("input", edited);
on("change", edited);

// what the customer says
function excuses(query) {
	const wanted = query.toLowerCase().split(/\s+/);
	for (const item of byId("excuse-list").children) {
		item.hidden = !wanted.every((word) => item.textContent.toLowerCase().includes(word));
	}
}

function answerExcuse(button) {
	const place = find("[data-counter]");
	place.textContent = button.dataset.ask;
	place.hidden = false;
	find("[data-question]").hidden = true;
	byId("excuse-list").hidden = true;
	const search = byId("excuse-search");
	search.value = button.textContent;
	search.blur();
	find("#NOCON-excuse_code").value = button.dataset.excuse;
}

on("focusin", (event) => {
	const list = byId("excuse-list");
	if (!list) return;
	if (event.target.id === "excuse-search") { event.target.select(); excuses(""); }
	list.hidden = !event.target.closest("[data-excuses]");
});

// search
let searching = null;
let searchTimer = 0;
function search(form) {
	clearTimeout(searchTimer);
	searchTimer = setTimeout(async () => {
		if (searching) searching.abort();
		searching = new AbortController();
		const query = new URLSearchParams(new FormData(form));
		const place = byId(form.dataset.results);
		const asked = query.get("q").trim() !== "";
		if (form.dataset.results === "search-results") byId("worklist").hidden = asked;
		if (!asked) return place.replaceChildren();
		try {
			const response = await fetch(form.dataset.search + "?" + query, { signal: searching.signal, redirect: "error" });
			if (response.status === 401) return leave();
			if (!response.ok) return toast(words("Failed"));
			place.replaceChildren(parse(await response.text()));
			sync();
		} catch (error) {
			if (error.name !== "AbortError") toast(words("Failed"));
		}
	}, 150);
}

function clearSearch() {
	for (const form of all("form[data-search]")) {
		form.reset();
		byId(form.dataset.results).replaceChildren();
	}
	byId("worklist").hidden = false;
}

on("input", (event) => {
	const form = event.target.closest("form[data-search]");
	if (form) search(form);
	if (event.target.id === "excuse-search") excuses(event.target.value.trim());
});

// clicks that are no posts
function next() {
	const items = all("#worklist .item");
	const at = items.findIndex((item) => item.hasAttribute("aria-current"));
	(items[at + 1] || items[0])?.click();
}

async function copy(button) {
	try { await navigator.clipboard.writeText(button.dataset.copy); } catch {
		// plain http on the office network has no clipboard
		getSelection().selectAllChildren(button.previousElementSibling);
		document.execCommand("copy");
	}
	button.classList.add("done");
	setTimeout(() => button.classList.remove("done"), 1200);
}

function toggleKeys(on = byId("keys").hidden) {
	byId("keys").hidden = !on;
	byId("menu").open = false;
}

async function headset(on) {
	if (!on && byId("headset")?.hidden !== false) return;
	byId("menu").open = false;
	const panel = await import("./headset.js");
	if (on) panel.open();
	else panel.close();
}

function tab(name) {
	body.dataset.tab = name;
	for (const button of all("[data-tab-to]")) button.setAttribute("aria-pressed", String(button.dataset.tabTo === name));
}

on("click", (event) => {
	const button = event.target.closest("button");
	if (!button) return;
	const { action, date, into, tabTo } = button.dataset;
	if (action === "keys") toggleKeys();
	if (action === "headset") headset(byId("headset").hidden);
	if (action === "next") next();
	if (action === "change-outcome") button.closest(".picker").classList.remove("closed");
	if (action === "notify") Notification.requestPermission().then(offerNotify);
	if (button.dataset.copy) copy(button);
	if (button.dataset.excuse) answerExcuse(button);
	if (tabTo) tab(tabTo);
	if (date) {
		const field = byId(into);
		field.value = date;
		field.dispatchEvent(new Event("change", { bubbles: true }));
	}
});

on("change", (event) => {
	const name = event.target.dataset.setting;
	if (!name) return;
	localStorage.setItem("belbrug-" + name, event.target.checked ? "on" : "off");
	settings();
});

function settings() {
	for (const box of all("[data-setting]")) box.checked = setting(box.dataset.setting);
	body.classList.toggle("no-keys", !setting("keys"));
	if (!setting("sound")) ring(false);
}

// the keyboard
const typing = (el) => el.matches("textarea, select, input:not([type=radio], [type=checkbox])");
// the outcomes can be picked by key while only the picked one shows
const usable = (el) => el.matches("[name=code]") || !el.matches(":disabled") && el.getClientRects().length > 0;
let chooserSince = 0;

function press(el, event) {
	event.preventDefault();
	if (event.repeat) return;
	if (el.matches("input[type=radio]")) { el.click(); choose(true); }
	else if (typing(el)) el.focus();
	else el.click();
}

function arrows(event, el) {
	const list = el.closest(".items, .choices, form[data-search], [data-excuses]");
	if (!list || !["ArrowDown", "ArrowUp"].includes(event.key)) return false;
	const within = list.matches("form[data-search]") ? byId(list.dataset.results) : list;
	const buttons = all("button", within).filter(usable);
	const at = buttons.indexOf(el) + (event.key === "ArrowDown" ? 1 : -1);
	if (at < 0) find("input[type=search]", within)?.focus();
	else buttons[at]?.focus();
	event.preventDefault();
	return true;
}

function enter(event, el) {
	if (event.key !== "Enter" || el.type !== "search") return false;
	event.preventDefault();
	const place = el.id === "excuse-search" ? byId("excuse-list") : byId(el.form.dataset.results);
	all("button", place).find(usable)?.click();
	return true;
}

function escape(el) {
	if (el.id === "excuse-search") byId("excuse-list").hidden = true;
	else if (el.type === "search") clearSearch();
	toggleKeys(false);
	headset(false);
	closeMenus(null);
	if (el !== body) el.blur();
}

on("keydown", (event) => {
	const el = event.target;
	if (event.isComposing) return;
	if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
		event.preventDefault();
		if (outcome() && !event.repeat) outcome().requestSubmit();
		return;
	}
	if (event.ctrlKey || event.metaKey || event.altKey) return;
	if (event.key === "Escape") return escape(el);
	if (/^F\d+$/.test(event.key)) {
		const button = find(`[data-fkey="${event.key}"]`);
		if (button && usable(button)) press(button, event);
		return;
	}
	if (arrows(event, el) || enter(event, el) || typing(el) || !setting("keys")) return;
	if (event.key === "?") { event.preventDefault(); return toggleKeys(); }
	const target = all(`[data-hotkey="${CSS.escape(event.key.toLowerCase())}"]`).find(usable);
	if (!target) return;
	// a chooser that has just appeared must not catch a key meant for the outcome
	if (target.closest("[data-chooser]") && performance.now() - chooserSince < 700) return;
	press(target, event);
});

// the ring
let audio = null;
let ringing = false;
let beat = 0;
const unlock = () => { audio = audio || new AudioContext(); ring(ringing); };
addEventListener("pointerdown", unlock, { once: true });
addEventListener("keydown", unlock, { once: true });

function tone() {
	if (!audio || !setting("sound")) return;
	const now = audio.currentTime;
	const volume = audio.createGain();
	volume.connect(audio.destination);
	for (const [at, hertz] of [[0, 660], [0.22, 550], [0.44, 660], [0.66, 550]]) {
		const voice = audio.createOscillator();
		voice.frequency.value = hertz;
		voice.connect(volume);
		voice.start(now + at);
		voice.stop(now + at + 0.2);
	}
	volume.gain.setValueAtTime(0, now);
	volume.gain.linearRampToValueAtTime(0.15, now + 0.03);
}

let release = () => {};
function ring(on) {
	release();
	release = () => {};
	clearInterval(beat);
	if (!on || !audio) return;
	const play = () => new Promise((done) => {
		if (!ringing) return done();
		release = done;
		tone();
		beat = setInterval(tone, 2600);
	});
	// of all tabs only one rings
	if (navigator.locks) navigator.locks.request("belbrug-ring", play);
	else play();
}

function offerNotify() {
	find("[data-action=notify]").hidden = window.Notification?.permission !== "default";
}

function ringTo(on) {
	if (on === ringing) return;
	ringing = on;
	ring(on);
	if (on && document.hidden && window.Notification?.permission === "granted") {
		new Notification(words("Ringing"), { tag: "belbrug-call" }).onclick = () => window.focus();
	}
}

// after every change
function sync() {
	body.dataset.call = find("#call-bar .bar")?.dataset.call || "none";
	const inCall = live.includes(body.dataset.call);
	for (const button of all("[data-action=dial]")) if (button.dataset.busy === undefined) button.disabled = inCall;
	const chooser = find("[data-chooser]");
	if (!chooser) chooserSince = 0;
	else if (!chooserSince) chooserSince = performance.now();
	keyDials();
}

hooks.view = ({ changed: parts, ringing: now, title }) => {
	sync();
	ringTo(now);
	document.title = (now ? words("Ringing") + " · " : "") + (title || body.dataset.baseTitle);
	if (parts.has("conversation")) { arrived = performance.now(); adopt(outcome()); choose(false); }
	if (shownFile !== fileKey() && fileKey() !== "none") tab("file");
	shownFile = fileKey();
	phone?.view();
};
const fileKey = () => find("#file [data-key]").dataset.key;
let shownFile = fileKey();

hooks.before = flush;
hooks.after = (form, answer) => {
	if (form.dataset.dial !== undefined && answer.status) keyDials(form);
	if (answer.ok && form.dataset.clearsSearch !== undefined) clearSearch();
	if (answer.ok && !isUp()) location.reload();
	sync();
};

// only where the browser is the phone
let phone = null;
if (byId("phone")) import("./phone.js").then((loaded) => { phone = loaded; phone.start(); });

sync();
settings();
offerNotify();
tab(shownFile === "none" ? "list" : "file");
ringTo(body.dataset.call === "ringing");
adopt(outcome());
choose(false);
