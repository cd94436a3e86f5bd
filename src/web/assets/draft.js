// Notes and half-filled outcomes: kept in this browser until the server has written them down.
import { all, body, fieldsOf, find, on, post, warn, words } from "./live.js";

const PAUSE_MS = 400;
const RETRY_MS_MAX = 30000;
const STORE = `belbrug-draft-${body.dataset.user}-`; // one person's notes are never sent by another

let dirty = null; // the form with changes that were not sent
let timer = 0;
let sending = null;
let retryMs = 1000;
let conflict = null; // {version, notes} of another window

function bodyOf(form) {
	const fields = fieldsOf(form);
	fields.delete("key");
	return fields;
}

const copyOf = (name) => { try { return JSON.parse(localStorage.getItem(STORE + name)); } catch { return null; } };
function keep(name, fields) {
	try { localStorage.setItem(STORE + name, JSON.stringify({ fields: String(fields), at: Date.now() })); } catch { /* full: the server still gets it */ }
}
const bare = (fields) => String(fields).replace(/version=\d+/, "");
const same = (a, b) => bare(a) === bare(b);

function mark(form, savedAt) {
	find("#draft-state", form).textContent = savedAt ? `✓ ${words("Saved")} ${savedAt}` : "";
}

/** Something was typed or picked; `now` sends it at once. */
export function changed(form, now = false) {
	if (form.dataset.done !== undefined || !form.isConnected) return;
	dirty = form;
	form.dataset.touched = "";
	keep(form.dataset.case, bodyOf(form));
	mark(form);
	clearTimeout(timer);
	if (conflict) return;
	timer = setTimeout(send, now ? 0 : PAUSE_MS);
}

async function send() {
	clearTimeout(timer);
	if (sending) { await sending; }
	const form = dirty;
	if (!form || conflict || sending) return sending;
	dirty = null;
	sending = deliver(form).finally(() => { sending = null; });
	return sending;
}

async function deliver(form) {
	const fields = bodyOf(form);
	const sent = new URLSearchParams(fields);
	sent.append("key", find("[name=key]", form).value);
	const answer = await post("/desk/draft", sent);
	if (form.dataset.done !== undefined) return;
	if (answer.ok) {
		retryMs = 1000;
		warn("", "draft");
		find("[name=version]", form).value = answer.version;
		const copy = copyOf(form.dataset.case);
		if (copy && same(copy.fields, fields)) localStorage.removeItem(STORE + form.dataset.case);
		if (dirty !== form) mark(form, answer.saved);
	} else if (answer.status === 409) conflictIn(form, answer);
	else if (answer.status === 422) {
		mark(form);
		find("#form-message", form).textContent = answer.message;
	} else if (answer.status !== 401) {
		warn(words("NotSaved"), "draft");
		mark(form);
		dirty = dirty || form;
		timer = setTimeout(send, retryMs * (0.75 + Math.random() / 2));
		retryMs = Math.min(retryMs * 2, RETRY_MS_MAX);
	}
}

/** Another window was newer: ask which notes stay. */
export function conflictIn(form, answer) {
	if (answer.notes === undefined || answer.notes === find("#notes", form).value) {
		find("[name=version]", form).value = answer.version;
		changed(form, true);
		return;
	}
	conflict = answer;
	mark(form);
	find("#draft-newer", form).hidden = false;
}

function settle(takeTheirs) {
	const form = find("#outcome");
	if (!form || !conflict) return;
	if (takeTheirs) find("#notes", form).value = conflict.notes;
	find("[name=version]", form).value = conflict.version;
	find("#draft-newer", form).hidden = true;
	conflict = null;
	changed(form, true);
}
on("click", ({ target }) => {
	const action = target.closest("button")?.dataset.action;
	if (action === "take-newer" || action === "keep-mine") settle(action === "take-newer");
});

/** Sends what is left, and waits a little for the answer. */
export async function flush() {
	if (!dirty && !sending) return;
	await Promise.race([send(), new Promise((done) => setTimeout(done, 800))]);
}

/** Waits until no draft is under way, so that the outcome carries the last version. */
export async function settled() {
	clearTimeout(timer);
	dirty = null;
	if (sending) await Promise.race([sending, new Promise((done) => setTimeout(done, 3000))]);
}

/** The outcome is written down: the copy may go. */
export function dropCopy(form) {
	form.dataset.done = "";
	clearTimeout(timer);
	dirty = null;
	warn("", "draft");
	localStorage.removeItem(STORE + form.dataset.case);
}

function restore(form, fields) {
	const code = fields.get("code");
	for (const el of all("input, select, textarea", form)) {
		const set = el.closest("fieldset[data-for]");
		if (!el.name || el.type === "hidden" || (set && set.dataset.for !== code)) continue;
		if (el.type === "radio" || el.type === "checkbox") el.checked = fields.getAll(el.name).includes(el.value);
		else if (fields.has(el.name)) el.value = fields.get(el.name);
	}
}

/** A form came on the screen: bring back what the server never acknowledged. */
export function adopt(form) {
	conflict = null;
	if (!form) return;
	const copy = copyOf(form.dataset.case);
	if (!copy) return;
	const mine = new URLSearchParams(copy.fields);
	if (same(copy.fields, bodyOf(form))) return localStorage.removeItem(STORE + form.dataset.case);
	const server = { version: find("[name=version]", form).value, notes: find("#notes", form).value };
	restore(form, mine);
	if (mine.get("version") === server.version) changed(form, true);
	else conflictIn(form, server);
}

// notes of files that are no longer open
async function sendOrphans() {
	const open = find("#outcome")?.dataset.case;
	for (const key of Object.keys(localStorage).filter((key) => key.startsWith(STORE))) {
		const name = key.slice(STORE.length);
		const copy = copyOf(name);
		if (!copy || name === open) continue;
		const answer = await post("/desk/draft", copy.fields);
		if (answer.ok && copyOf(name)?.at === copy.at) localStorage.removeItem(key);
		if (!answer.status) return;
	}
}

on("focusout", (event) => { if (dirty && event.target.closest("#outcome")) send(); });
addEventListener("pagehide", () => { if (dirty) navigator.sendBeacon("/desk/draft", bodyOf(dirty)); });
addEventListener("online", () => { retryMs = 1000; if (dirty) send(); else sendOrphans(); });
if (body.dataset.page === "desk") setTimeout(sendOrphans, 3000);
