/** @file Cases that a real canvas made: pictures drawn smaller by Chromium, with and without smoothing. */

export async function canvasCases() {
  return null;
}
