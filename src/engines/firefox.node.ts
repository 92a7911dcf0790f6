/**
 * @file An installed Firefox that shows one page, without a driver: it is told what to show on its command line. A page that
 * crashes is noticed when it does not answer in time.
 */

import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { type Browser, findProgram, type ProgramPlaces, startProgram } from "./started-program.node.ts";
import { findXvfb, startDisplay, type VirtualDisplay } from "./virtual-display.node.ts";

const PLACES: ProgramPlaces = {
  variable: "VERNIER_FIREFOX",
  names: ["firefox", "firefox-esr"],
  elsewhere: [
    "/Applications/Firefox.app/Contents/MacOS/firefox",
    "C:\\Program Files\\Mozilla Firefox\\firefox.exe",
  ],
};

/** `VERNIER_FIREFOX`, else the first that is installed; null where there is none. */
export const findFirefox = (env: NodeJS.ProcessEnv = process.env): string | null => findProgram(PLACES, env);

/** WebGL and WebGPU where no GPU is; no first-run pages; no traffic of the browser's own. */
const PREFERENCES: Readonly<Record<string, boolean | number | string>> = {
  "webgl.force-enabled": true,
  "dom.webgpu.enabled": true,
  "gfx.webgpu.ignore-blocklist": true,
  "app.update.enabled": false,
  "browser.aboutwelcome.enabled": false,
  "browser.safebrowsing.downloads.remote.enabled": false,
  "browser.safebrowsing.malware.enabled": false,
  "browser.safebrowsing.phishing.enabled": false,
  "browser.sessionstore.resume_from_crash": false,
  "browser.shell.checkDefaultBrowser": false,
  "browser.startup.homepage_override.mstone": "ignore",
  "datareporting.policy.dataSubmissionEnabled": false,
  "extensions.getAddons.cache.enabled": false,
  "network.captive-portal-service.enabled": false,
  "network.connectivity-service.enabled": false,
  "network.proxy.type": 0,
  "services.settings.server": "http://127.0.0.1:1/",
  "toolkit.telemetry.reportingpolicy.firstRun": false,
  "toolkit.telemetry.server": "",
};

/**
 * Without a window, but for `webgl` on Linux: Firefox draws there on a display only, the user's where there is one.
 *
 * Rejects with an error that says what the browser said when it does not start.
 */
export async function showInFirefox(program: string, address: string, webgl: boolean): Promise<Browser> {
  const { stdout } = await promisify(execFile)(program, ["--version"], { timeout: 30_000 });
  const display = webgl && process.platform === "linux" ? await displayFor(process.env) : null;
  const started = startProgram(
    program,
    (profile) => {
      const lines = Object.entries(PREFERENCES).map(
        ([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});\n`,
      );
      writeFileSync(join(profile, "user.js"), lines.join(""));
      return [...(display === null ? ["--headless"] : []), "--no-remote", "--profile", profile, address];
    },
    display?.env ?? { MOZ_HEADLESS: "1" },
  );
  const { onEnd, usedMiB } = started;
  return {
    version: stdout.trim().replace(/^Mozilla /, ""),
    onEnd,
    usedMiB,
    async close() {
      await started.close();
      await display?.close();
    },
  };
}

/** null where there is none: without a window its WebGL does not start, which the page says. */
async function displayFor(env: NodeJS.ProcessEnv): Promise<VirtualDisplay | null> {
  if ([env["DISPLAY"], env["WAYLAND_DISPLAY"]].some((name) => name !== undefined && name !== ""))
    return { env: {}, close: async () => {} };
  const program = findXvfb(env);
  return program === null ? null : await startDisplay(program);
}
