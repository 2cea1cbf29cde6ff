// Adds to package-lock.json the optional platform packages that npm left out because the registry in use did not
// serve them (a mirror may lack platforms nobody asked it for); without them `npm ci` refuses the lock file.
// Run after every `npm install`: node .ci/complete-lock.mjs
import { readFileSync, writeFileSync } from "node:fs";

const lock = JSON.parse(readFileSync("package-lock.json", "utf8"));
const platforms = {
  android: ["android"],
  darwin: ["darwin"],
  freebsd: ["freebsd"],
  linux: ["linux"],
  openharmony: ["openharmony"],
  win32: ["win32"],
};
const cpus = {
  arm64: "arm64",
  x64: "x64",
  ia32: "ia32",
  arm: "arm",
  ppc64: "ppc64",
  riscv64: "riscv64",
  s390x: "s390x",
};
let added = 0;
for (const [path, entry] of Object.entries(lock.packages)) {
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    const nested = `${path}/node_modules/${name}`;
    if (path === "" || lock.packages[`node_modules/${name}`] || lock.packages[nested]) continue;
    const words = name.split(/[-/]/);
    const os = words.map((word) => platforms[word]).find(Boolean);
    const cpu = words.map((word) => cpus[word]).find(Boolean);
    if (!os || !cpu || !/^\d/.test(version)) continue;
    lock.packages[`node_modules/${name}`] = {
      version,
      cpu: [cpu],
      ...(entry.dev ? { dev: true } : {}),
      optional: true,
      os,
      engines: entry.engines,
    };
    added += 1;
  }
}
const [root, ...rest] = Object.entries(lock.packages);
lock.packages = Object.fromEntries([root, ...rest.sort(([a], [b]) => (a < b ? -1 : 1))]);
writeFileSync("package-lock.json", `${JSON.stringify(lock, null, 2)}\n`);
console.log(`${added} optional platform packages added to package-lock.json`);
