#!/usr/bin/env node
/** The command `quorate`. */
'use strict';

var path = require('path');
var launcher = require('./launch.cjs');

var args = process.argv.slice(2);
// Only these open a store on this machine; a client of a far cluster needs no RocksDB.
var opensStore = args[0] === 'up' || args[0] === 'node' || (args[0] === 'snapshot' && args[1] === 'restore');
var asksForHelp = args.indexOf('--help') >= 0 || args.indexOf('-h') >= 0;

launcher.launch(path.join(__dirname, '..', 'cli', 'main.ts'), args, { needsRocksDb: opensStore && !asksForHelp });
