// The page of a version: its charts, and the slider of the threshold.

import { start } from "./charts.mjs";
import { slide } from "./threshold.mjs";

start();
slide(document.querySelector("[data-threshold]"));
