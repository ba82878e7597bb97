// Writes the public list of banks and branches as lines, which bank_list.cc reads: node convert.js NODE_MODULES OUTPUT
//   source TAB package TAB version
//   bank TAB name TAB kana
//   bank TAB branch TAB name TAB kana     (after its bank)
//   end TAB banks TAB branches
'use strict';
const fs = require('fs');
const path = require('path');

const [folder, output] = process.argv.slice(2);
const source = path.resolve(folder, 'zengin-code');
const list = require(source);
const { name, version } = JSON.parse(fs.readFileSync(path.join(source, 'package.json'), 'utf8'));

const plain = (text) => {
  if (typeof text !== 'string' || /[\t\r\n]/.test(text)) throw new Error('the list has a text that is none');
  return text;
};
const lines = [['source', name, version]];
let banks = 0;
let branches = 0;
for (const bank of Object.values(list).sort((a, b) => (a.code < b.code ? -1 : 1))) {
  banks += 1;
  lines.push([bank.code, bank.name, bank.kana].map(plain));
  for (const branch of Object.values(bank.branches).sort((a, b) => (a.code < b.code ? -1 : 1))) {
    branches += 1;
    lines.push([bank.code, branch.code, branch.name, branch.kana].map(plain));
  }
}
lines.push(['end', String(banks), String(branches)]);
fs.writeFileSync(output, lines.map((line) => line.join('\t') + '\n').join(''));
