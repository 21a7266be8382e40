/** Apart from launch.cjs because a Node too old for `import()` must not parse it. */
'use strict';

var url = require('url');

module.exports = function enter(file) {
  return import(url.pathToFileURL(file).href);
};
