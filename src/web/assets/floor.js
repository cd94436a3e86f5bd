// The supervisors' floor: its one part comes by the stream; figures that stand still look it.
import { byId, hooks, isUp } from "./live.js";

hooks.view = () => byId("floor").classList.toggle("stale", !isUp());
