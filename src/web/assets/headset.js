// Headset and microphone: which, how loud, how one sounds, and how quiet the room is.
import { byId, find, on, post } from "./live.js";

const panel = byId("headset");
const told = byId("headset-told");
const level = byId("headset-level");
let ear = null;
let busy = false;

const stored = (name) => localStorage.getItem("belbrug-" + name) || "";

async function sound(clean) {
	const audio = { echoCancellation: clean, noiseSuppression: clean, autoGainControl: clean };
	if (stored("mic")) audio.deviceId = { ideal: stored("mic") };
	return navigator.mediaDevices.getUserMedia({ audio });
}

/** The loudness of a microphone, as often as it is asked, from 0 to 1. */
function listenTo(stream) {
	const context = new AudioContext();
	const analyser = context.createAnalyser();
	analyser.fftSize = 1024;
	context.createMediaStreamSource(stream).connect(analyser);
	const samples = new Float32Array(analyser.fftSize);
	const loudness = () => {
		analyser.getFloatTimeDomainData(samples);
		return Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length);
	};
	const stop = () => { stream.getTracks().forEach((track) => track.stop()); context.close(); };
	return { loudness, stop };
}

async function fill() {
	const devices = await navigator.mediaDevices.enumerateDevices();
	for (const [id, kind, name] of [["headset-mic", "audioinput", "mic"], ["headset-out", "audiooutput", "out"]]) {
		const select = byId(id);
		const known = devices.filter((device) => device.kind === kind && device.deviceId && device.deviceId !== "default");
		select.replaceChildren(new Option(panel.dataset.usual, ""), ...known.map((device) => new Option(device.label, device.deviceId)));
		select.value = stored(name);
	}
}

export async function open() {
	panel.hidden = false;
	find("select", panel).focus();
	try {
		const heard = listenTo(await sound(stored("clean") !== "off"));
		if (panel.hidden) return heard.stop();
		ear?.stop();
		ear = heard;
		await fill();
		show();
	} catch { /* the strip says why there is no microphone */ }
}

function show() {
	if (!ear) return;
	level.value = Math.min(1, ear.loudness() * 4);
	setTimeout(show, 60);
}

export function close() {
	panel.hidden = true;
	ear?.stop();
	ear = null;
}

on("change", (event) => {
	const name = { "headset-mic": "mic", "headset-out": "out" }[event.target.id];
	if (!name) return;
	localStorage.setItem("belbrug-" + name, event.target.value);
	if (name === "out") find("audio").setSinkId?.(event.target.value);
	else {
		close();
		open();
		document.dispatchEvent(new CustomEvent("belbrug-mic"));
	}
});

/** The noise of the room while nobody speaks, in dB below the loudest; as it is, without cleaning. */
async function room() {
	told.textContent = panel.dataset.hush;
	const raw = listenTo(await sound(false));
	const heard = [];
	for (let count = 0; count < 30; count++) {
		await new Promise((done) => setTimeout(done, 100));
		heard.push(raw.loudness());
	}
	raw.stop();
	// the median: one who coughs does not make a loud room
	const noise = 20 * Math.log10(Math.max(heard.sort((a, b) => a - b)[15], 1e-6));
	const word = noise < -50 ? "quiet" : noise < -38 ? "busy" : "loud";
	told.textContent = panel.dataset[word].replace("%d", Math.round(noise));
	told.dataset.room = word;
}

on("click", async (event) => {
	const action = event.target.closest("button")?.dataset.action;
	if (busy || !["echo-test", "room-check"].includes(action)) return;
	busy = true;
	try {
		if (action === "room-check") await room();
		else {
			const answer = await post("/desk/phone/echo", new URLSearchParams());
			told.textContent = answer.ok ? panel.dataset.speak : answer.message;
			if (answer.ok) document.dispatchEvent(new CustomEvent("belbrug-echo"));
		}
	} catch { /* the strip says why there is no microphone */ }
	busy = false;
});
