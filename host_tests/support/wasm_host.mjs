// Runs device_worker.py in a WebAssembly MicroPython: node wasm_host.mjs PACKAGE HEAP DESCRIPTOR_IN DESCRIPTOR_OUT FOLDER...
// Folders are copied into the interpreter's own file system; frames reach it as files there.
import fs from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";

const [packageFolder, heap, descriptorIn, descriptorOut, ...folders] = process.argv.slice(2);
const input = Number(descriptorIn);
const output = Number(descriptorOut);

const { loadMicroPython } = await import(pathToFileURL(path.join(packageFolder, "micropython.mjs")));
const micropython = await loadMicroPython({
  heapsize: Number(heap),
  linebuffer: true,
  stdout: (line) => fs.writeSync(1, line + "\n"),
});

function copy(from, to) {
  micropython.FS.mkdir(to);
  for (const entry of fs.readdirSync(from, { withFileTypes: true })) {
    const source = path.join(from, entry.name);
    if (entry.isDirectory()) copy(source, to + "/" + entry.name);
    else micropython.FS.writeFile(to + "/" + entry.name, fs.readFileSync(source));
  }
}

function read(size) {
  const data = Buffer.alloc(size);
  for (let at = 0; at < size; ) {
    const count = fs.readSync(input, data, at, size - at);
    if (count === 0) process.exit(0); // the host is gone
    at += count;
  }
  return data;
}

function write(data) {
  for (let at = 0; at < data.length; ) at += fs.writeSync(output, data, at);
}

const paths = folders.map((folder, index) => {
  copy(folder, "/folder" + index);
  return "/folder" + index;
});
const here = path.dirname(process.argv[1]);
micropython.FS.writeFile("/device_worker.py", fs.readFileSync(path.join(here, "device_worker.py")));
micropython.runPython(`import sys, device_worker; sys.path[0:1] = ${JSON.stringify(paths)}`);

for (;;) {
  micropython.FS.writeFile("/request", read(read(4).readUInt32LE(0)));
  micropython.runPython(`device_worker.answer_file("/request", "/reply")`);
  const reply = micropython.FS.readFile("/reply");
  const size = Buffer.alloc(4);
  size.writeUInt32LE(reply.length);
  write(size);
  write(reply);
}
