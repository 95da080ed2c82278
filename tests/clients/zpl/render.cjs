// Renders each ZPL file that is named as a PNG beside it, at 203 dots to the inch.
const fs = require("fs");

async function main() {
  const { ready } = require("zpl-renderer-js");
  const { api } = await ready;
  for (const file of process.argv.slice(2)) {
    const png = await api.zplToBase64Async(fs.readFileSync(file, "utf8"), 101.6, 152.4, 8);
    fs.writeFileSync(`${file}.png`, Buffer.from(png, "base64"));
  }
  // Its WebAssembly keeps the process alive.
  process.exit(0);
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
