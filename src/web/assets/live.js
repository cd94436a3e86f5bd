// The live link of a page: one stream a browser, shared by its tabs, replaces only what changed.
// Forms with data-post go by fetch. Every page loads this; the desk and the floor add to it.

export const body = document.body;
export const words = (name) => body.dataset["text" + name] || "";
export const find = (selector, within = document) => within.querySelector(selector);
export const all = (selector, within = document) => [...within.querySelectorAll(selector)];
export const byId = (id) => document.getElementById(id);
export const on = (name, work) => document.addEventListener(name, work);
export function parse(html) {
	const fresh = document.createElement("template");
	fresh.innerHTML = html;
	return fresh.content;
}
export const leave = () => location.assign("/sign-in");
const clock = () => performance.timeOrigin + performance.now();

// patching: keeps what is the same, so that focus, typing and open menus stay
const nameOf = (node) => node.nodeType === 1 && (node.id || node.dataset.id);
const alike = (a, b) => a && a.nodeType === b.nodeType && a.nodeName === b.nodeName && nameOf(a) === nameOf(b);

const stays = (node, name) => name === "open"
	|| (name === "value" && node.hasAttribute("data-fresh-key"))
	|| (/disabled|busy/.test(name) && node.dataset.busy !== undefined);

function morph(old, fresh) {
	if (old.nodeType !== 1) return old.nodeValue === fresh.nodeValue || (old.nodeValue = fresh.nodeValue);
	for (const { name, value } of [...fresh.attributes]) {
		if (!stays(old, name) && old.getAttribute(name) !== value) old.setAttribute(name, value);
	}
	for (const { name } of [...old.attributes]) {
		if (!fresh.hasAttribute(name) && !stays(old, name)) old.removeAttribute(name);
	}
	if (!old.hasAttribute("data-keep")) morphChildren(old, fresh);
}

function morphChildren(old, fresh) {
	const named = new Map([...old.childNodes].filter(nameOf).map((node) => [nameOf(node), node]));
	let at = old.firstChild;
	for (const next of [...fresh.childNodes]) {
		const twin = nameOf(next) ? named.get(nameOf(next)) : at;
		if (alike(twin, next)) {
			if (twin === at) at = at.nextSibling;
			else old.insertBefore(twin, at);
			morph(twin, next);
		} else old.insertBefore(next, at);
	}
	while (at) {
		const gone = at;
		at = at.nextSibling;
		gone.remove();
	}
}

// clocks that tick by themselves
function startTimers(within, age) {
	for (const timer of all("[data-elapsed]", within)) timer.base = performance.now() - age - timer.dataset.elapsed;
	tick();
}

function tick() {
	for (const timer of all("[data-running=true]")) {
		const seconds = Math.max(0, Math.floor((performance.now() - timer.base) / 1000));
		const shown = new Date(seconds * 1000).toISOString().slice(11, 19).replace(/^(00:0?|0)/, "");
		const place = find("b", timer);
		if (place.textContent !== shown) place.textContent = shown;
	}
}

// views: what the stream sends
const latest = { parts: {}, title: null, ringing: false };
const announce = (changed) => hooks.view({ changed, ...latest });

function show(part, html, age) {
	const place = byId(part);
	if (!place) return false;
	const fresh = parse(html);
	const [was, is] = [find("[data-key]", place), find("[data-key]", fresh)];
	const sameKey = was && is && was.dataset.key === is.dataset.key;
	if (part === "conversation" && was && is) {
		// nor while this very case is being typed in, whatever its key
		const { touched, done, ...now } = was.dataset;
		// a colleague has the file now: what is typed goes as a draft
		if ("reading" in is.dataset) hooks.before();
		else if (sameKey || (touched === "" && done !== "" && now.case === is.dataset.case)) return false;
	}
	if (is && !sameKey) {
		place.replaceChildren(fresh);
		place.scrollTop = 0;
	} else morphChildren(place, fresh);
	startTimers(place, age);
	return true;
}

function apply(view, newerThan = -1) {
	const changed = new Set();
	for (const [part, { seq, html, at }] of Object.entries(view.parts)) {
		latest.parts[part] = { seq, html, at };
		if (seq > newerThan && show(part, html, clock() - at)) changed.add(part);
	}
	if (view.title) document.title = latest.title = view.title;
	if (view.ringing !== undefined) latest.ringing = view.ringing;
	announce(changed);
}

// one stream, many tabs
const path = body.dataset.live;
const channel = path && "BroadcastChannel" in window ? new BroadcastChannel("belbrug" + path) : null;
const tell = (message) => channel && channel.postMessage(message);
let leading = false;
let up = true;
let lostTimer = 0;

export const isUp = () => up;

function reach(state) {
	clearTimeout(lostTimer);
	lostTimer = 0;
	if (up === state) return;
	up = state;
	warn(state ? "" : words("ConnectionLost"));
	announce(new Set());
}

function lost() {
	if (!lostTimer && up) lostTimer = setTimeout(() => { reach(false); tell({ reach: false }); }, 2000);
}

const warnings = {};
/** The strip that stays until the trouble is over. */
export function warn(message, about = "connection") {
	warnings[about] = message;
	const strip = byId("connection");
	strip.textContent = warnings.connection || warnings.phone || warnings.draft || "";
	strip.hidden = !strip.textContent;
}

let stream = null;
let retry = 0;
let heardAt = performance.now();
const SILENCE = 12000;
function heard() {
	heardAt = performance.now();
	reach(true);
	tell({ reach: true });
}

function openStream(wait = 1000) {
	clearTimeout(retry);
	retry = 0;
	stream?.close();
	const own = stream = new EventSource(path);
	heardAt = performance.now();
	own.onopen = () => { wait = 1000; heard(); };
	own.addEventListener("beat", heard);
	own.onerror = async () => {
		lost();
		if (own !== stream || own.readyState !== EventSource.CLOSED) return;
		// refused: signed out perhaps, else try again later
		clearTimeout(retry);
		retry = setTimeout(() => openStream(Math.min(wait * 2, 30000)), wait * (0.5 + Math.random()));
		const page = await fetch(location.href, { redirect: "manual", cache: "no-store" }).catch(() => null);
		if (page && (page.type === "opaqueredirect" || page.status === 401)) leave();
	};
	own.addEventListener("view", (event) => {
		heard();
		const { parts = {}, title, ringing } = JSON.parse(event.data);
		const [seq, at] = [Number(event.lastEventId) || 0, clock()];
		const view = { parts: {}, title, ringing };
		for (const [part, html] of Object.entries(parts)) view.parts[part] = { seq, html, at };
		apply(view);
		tell({ view });
	});
	own.addEventListener("signed-out", () => { own.close(); tell({ left: true }); leave(); });
}

/** A network that is cut may not say so: a stream without a beat is opened anew, by the page that has it; every page says so. */
function watch() {
	if (performance.now() - heardAt < SILENCE) return;
	lost();
	if (leading && !retry) openStream();
}

function lead() {
	leading = true;
	openStream();
	addEventListener("online", () => openStream());
	addEventListener("pagehide", () => stream.close());
	return new Promise(() => {});
}

function listen() {
	if (channel) channel.onmessage = ({ data }) => {
		if (data.ask && leading) tell({ view: latest, answer: true, reach: up });
		if (data.view) apply(data.view, data.answer ? Number(body.dataset.seq) : -1);
		if (data.reach !== undefined && !leading) {
			if (data.reach) heardAt = performance.now();
			reach(data.reach);
		}
		if (data.left) leave();
	};
	// without locks (plain http on a LAN) every tab has its own stream
	if (!navigator.locks) lead();
	else {
		navigator.locks.request("belbrug-live" + (path === "/desk/live" ? "" : path), lead);
		tell({ ask: true });
	}
	addEventListener("offline", lost);
	setInterval(watch, 2000);
}

// posts
/** {ok, status, message, errors, ...}; status 0 when the server could not be reached. */
export async function post(address, fields) {
	const sent = new URLSearchParams(fields);
	try {
		// what is sent while the page closes must be small
		const response = await fetch(address, {
			method: "POST", body: sent, redirect: "error", keepalive: String(sent).length < 60000,
			headers: { accept: "application/json" }, signal: AbortSignal.timeout(12000),
		});
		if (response.status === 401) {
			leave();
			return { ok: false, status: 401, message: "" };
		}
		const answer = await response.json().catch(() => ({}));
		return { message: response.ok ? "" : words("Failed"), ...answer, ok: response.ok, status: response.status };
	} catch {
		return { ok: false, status: 0, message: words("Failed") };
	}
}

export function busy(form, on) {
	for (const el of [form, ...all("button:not([type=button])", form)]) {
		el.toggleAttribute("data-busy", on);
		if (el !== form) el.disabled = on;
	}
}

let toastTimer = 0;
export function toast(message, kind = "error") {
	const place = byId("toast");
	clearTimeout(toastTimer);
	place.hidden = !message;
	place.className = "toast " + kind;
	place.textContent = message;
	if (message) toastTimer = setTimeout(() => { place.hidden = true; }, kind === "error" ? 12000 : 3000);
}

export function fieldsOf(form, button) {
	const fields = new URLSearchParams(new FormData(form));
	if (button && button.name) fields.append(button.name, button.value);
	return fields;
}

/** What a page adds: before a form with data-flush goes, after every answer, after every view. */
export const hooks = { before: async () => {}, after() {}, view() {} };

on("submit", async (event) => {
	const form = event.target;
	if (form.dataset.search !== undefined) event.preventDefault();
	if (form.dataset.post === undefined) return;
	event.preventDefault();
	if (form.dataset.busy !== undefined) return;
	const fields = fieldsOf(form, event.submitter);
	const focused = document.activeElement;
	busy(form, true);
	if (form.dataset.flush !== undefined || form.dataset.then) await hooks.before();
	const answer = await post(event.submitter?.getAttribute("formaction") || form.getAttribute("action"), fields);
	busy(form, false);
	if (focused && focused.isConnected && document.activeElement === body) focused.focus({ preventScroll: true });
	toast(answer.ok ? "" : [answer.message, ...Object.values(answer.errors || {})].filter(Boolean).join(" "));
	if (answer.ok && form.dataset.then === "reload") location.reload();
	if (answer.ok && form.dataset.then === "sign-in") leave();
	if (answer.ok) closeMenus(null);
	hooks.after(form, answer);
});

export function closeMenus(except) {
	for (const menu of all("details.menu[open]")) if (!menu.contains(except)) menu.open = false;
}
on("click", (event) => closeMenus(event.target));

// a page out of the browser's memory is old
addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });

startTimers(document, 0);
setInterval(tick, 250);
if (path) listen();
