// The phone in the browser: the microphone, the way for audio, and what is in the way of it, said plainly.
import { body, byId, find, on, post, warn, words } from "./live.js";

const live = ["originating", "ringing-far", "ringing", "talking", "held"];
const setting = (name) => localStorage.getItem("belbrug-" + name);
const tab = [...crypto.getRandomValues(new Uint8Array(12))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
const phone = () => byId("phone").dataset;
const speaker = body.appendChild(document.createElement("audio"));

let peer = null;
let sender = null;
let mic = null;
let without = false;
let isPhone = false;
let mine = true;
let displaced = null;
let before = "";
let only = "";
let former = [];
let lost = false;
let wait = 500;
let timer = 0;

const say = (name) => warn(name ? words(name) : "", "phone");

// the microphone: open while there is a call, and only then
const kind = { NotAllowedError: "MicDenied", NotFoundError: "MicNone", OverconstrainedError: "MicNone", NotReadableError: "MicBusy" };

async function listen() {
	const clean = setting("clean") !== "off";
	const audio = { echoCancellation: clean, noiseSuppression: clean, autoGainControl: clean };
	if (setting("mic")) audio.deviceId = { ideal: setting("mic") };
	try {
		const stream = await navigator.mediaDevices.getUserMedia({ audio });
		say("");
		return stream.getAudioTracks()[0];
	} catch (error) {
		say(kind[error.name] || "MicNone");
		return null;
	}
}

let opening = null;
async function open() {
	if (mic?.readyState === "live" || opening || without) return opening;
	opening = listen();
	mic = await opening;
	opening = null;
	without = !mic;
	if (!inCall()) return close();
	if (mic) {
		mic.enabled = !muted();
		mic.onended = () => { mic = null; if (inCall()) open(); };
		await sender?.replaceTrack(mic);
	}
}

function close() {
	if (!mic) return;
	sender?.replaceTrack(null);
	mic.stop();
	mic = null;
}

// another microphone, from the next word on
function anew() {
	mic?.stop();
	mic = null;
	without = false;
	view();
}
on("belbrug-mic", anew);
navigator.mediaDevices?.addEventListener("devicechange", () => { if (without) anew(); });

// the way for audio: one connection, kept while the page is open
async function connect() {
	clearTimeout(timer);
	timer = 0;
	if (!mine) return;
	// the way that is stays until the new one stands
	if (peer) former.push(peer);
	const own = peer = new RTCPeerConnection();
	const way = own.addTransceiver(mic || "audio", { direction: "sendrecv" });
	sender = way.sender;
	const known = RTCRtpReceiver.getCapabilities("audio").codecs;
	way.setCodecPreferences((only ? [only] : ["PCMA", "PCMU", "G722"]).flatMap((name) => known.filter((codec) => codec.mimeType === "audio/" + name)));
	own.ontrack = ({ track }) => {
		speaker.srcObject = new MediaStream([track]);
		if (setting("out")) speaker.setSinkId?.(setting("out")).catch(() => {});
		play();
	};
	own.onconnectionstatechange = () => {
		if (own !== peer) return;
		if (own.connectionState === "connected") {
			wait = 500;
			part();
			if (lost) say("");
			lost = false;
			speak();
		}
		if (own.connectionState === "disconnected") lose();
		if (["failed", "closed"].includes(own.connectionState)) again();
	};
	try {
		await own.setLocalDescription();
		const answer = await post("/desk/phone/offer", new URLSearchParams({ tab, sdp: own.localDescription.sdp }));
		if (own !== peer) return own.close();
		if (!answer.ok) throw new Error(answer.message);
		await own.setRemoteDescription({ type: "answer", sdp: answer.sdp });
	} catch {
		if (own === peer) again();
	}
}

function part() {
	former.forEach((one) => one.close());
	former = [];
}

function hang() {
	part();
	peer?.close();
	peer = sender = null;
}

function again() {
	hang();
	if (!mine) return;
	lose();
	clearTimeout(timer);
	timer = setTimeout(connect, wait);
	wait = Math.min(wait * 2, 10000);
}

function lose() {
	if (!inCall()) return;
	lost = true;
	say("AudioLost");
}

function play() {
	speaker.play().catch(() => {
		say("ClickForSound");
		addEventListener("pointerdown", () => { say(""); speaker.play(); }, { once: true });
	});
}

/** Speaks what the call is spoken in; where the browser cannot change, it connects anew. */
async function speak() {
	const wanted = phone().codec;
	if (!sender || !wanted || peer.connectionState !== "connected") return;
	const parameters = sender.getParameters();
	const codec = parameters.codecs.find((one) => one.mimeType === "audio/" + wanted);
	const [encoding] = parameters.encodings;
	const spoken = encoding?.codec || parameters.codecs[0];
	if (spoken?.mimeType === "audio/" + wanted) return;
	const way = sender;
	if (codec && encoding) {
		encoding.codec = codec;
		await way.setParameters(parameters).catch(() => {});
	}
	if (way === sender && only !== wanted && way.getParameters().encodings[0]?.codec?.mimeType !== "audio/" + wanted) {
		only = wanted;
		connect();
	}
}

const inCall = () => mine && (live.includes(body.dataset.call) || testing);

// hearing oneself is like a call of fifteen seconds
let testing = false;
on("belbrug-echo", () => {
	testing = true;
	open();
	setTimeout(() => { testing = false; view(); }, 15000);
});

// what is heard while it rings there, where the network itself says nothing
let ringback = 0;
let context = null;
function beep() {
	context = context || new AudioContext();
	const [voice, volume] = [context.createOscillator(), context.createGain()];
	voice.frequency.value = 425;
	volume.gain.value = 0.06;
	voice.connect(volume).connect(context.destination);
	voice.start();
	voice.stop(context.currentTime + 1);
}
function ringing(on) {
	if (on === !!ringback) return;
	clearInterval(ringback);
	ringback = on ? setInterval(beep, 5000) : 0;
	if (on) beep();
}

// who is mute in a call stays so, in whichever window and over a reload
const talk = () => find("[data-id=talk] [name=call]")?.value;
const muted = () => !!talk() && setting("muted") === talk();
function mute(on) {
	if (on) localStorage.setItem("belbrug-muted", talk());
	else localStorage.removeItem("belbrug-muted");
	show();
}
addEventListener("storage", ({ key }) => { if (key === "belbrug-muted") show(); });

function show() {
	if (mic) mic.enabled = !muted();
	find("[data-action=mute]")?.setAttribute("aria-pressed", String(muted()));
	body.classList.toggle("muted", muted());
}

/** After every change of the page. */
export function view() {
	if (!isPhone) return;
	const { tab: heard, early } = phone();
	if (heard === tab) displaced = null;
	if (heard && heard !== tab && heard !== displaced) {
		// a newer page has the audio
		if (mine) { mine = false; clearTimeout(timer); timer = 0; hang(); close(); elsewhere(true); }
	} else if (!heard && !mine) take(); // and has closed
	else if (!heard && before === tab) {
		// the service hears nothing of us any more
		lose();
		wait = 500;
		connect();
	}
	else if (mine && !heard && !peer && !timer) again();
	before = heard;
	if (inCall()) open();
	else {
		close();
		without = false;
	}
	speak();
	show();
	ringing(mine && body.dataset.call === "ringing-far" && early === undefined);
}

function elsewhere(is) {
	say(is ? "Elsewhere" : "");
	let button = byId("audio-here");
	if (!is) return button?.remove();
	if (button) return;
	button = document.createElement("button");
	button.id = "audio-here";
	button.textContent = words("Here");
	button.onclick = () => { take(); view(); };
	byId("connection").after(button);
}

/** This page has the audio from now on. */
function take() {
	mine = true;
	displaced = phone().tab;
	elsewhere(false);
	connect();
}

on("click", (event) => {
	if (event.target.closest("[data-action=mute]")) mute(!muted());
});

// keys go out as they are typed, one after the other
let typed = Promise.resolve();
on("input", (event) => {
	const { pad } = event.target.dataset;
	if (pad === undefined) return;
	const keys = event.data || "";
	if (!/^[0-9*#]+$/.test(keys)) return;
	typed = typed.then(async () => {
		const answer = await post("/desk/phone", new URLSearchParams({ call: pad, wish: "keys", keys }));
		if (!answer.ok) warn(answer.message, "phone");
	}).catch(() => {});
});

addEventListener("pagehide", hang);

export function start() {
	if (!window.RTCPeerConnection) return say("NoWebrtc");
	if (!window.isSecureContext || !navigator.mediaDevices) return say("NotSecure");
	// asked for before the first call, not in it
	listen().then((track) => { track?.stop(); });
	isPhone = true;
	take();
	view();
}
