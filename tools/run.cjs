/** `node tools/run.cjs FILE [ARG…]`: runs one of the project's own scripts under the pinned Node. */
'use strict';

var path = require('path');
var launcher = require('../bin/launch.cjs');

launcher.launch(path.resolve(process.argv[2]), process.argv.slice(3), {});
