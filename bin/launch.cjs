/**
 * Runs a TypeScript file under the Node that this project pins, whatever Node the user has.
 * Written so that any Node can parse it: an old one has to get a sentence, not a syntax error.
 */
'use strict';

var childProcess = require('child_process');
var fs = require('fs');
var os = require('os');
var path = require('path');

var ROOT = path.join(__dirname, '..');
var OLDEST_MAJOR = 24;

/** What the decisions below are made from; tests hand in another one. */
function realHost() {
  return {
    platform: process.platform,
    arch: process.arch,
    version: process.version,
    execPath: process.execPath,
    env: process.env,
    pinnedNode: findPinnedNode(process.platform, process.arch),
    exists: fs.existsSync,
  };
}

/** The pinned Node's executable, or null where there is none that this system can run. */
function findPinnedNode(platform, arch) {
  // It is linked against glibc: on musl (Alpine) it is installed but does not start.
  var loader = arch === 'arm64' ? '/lib/ld-linux-aarch64.so.1' : '/lib64/ld-linux-x86-64.so.2';
  if (platform === 'linux' && !fs.existsSync(loader)) return null;
  var name = 'node-' + platform + '-' + arch;
  // Beside this package when it is a dependency of another one, inside it otherwise.
  var folders = [path.join(ROOT, 'node_modules'), path.join(ROOT, '..')];
  var found = folders
    .map(function (folder) {
      return path.join(folder, name, 'bin', 'node');
    })
    .filter(fs.existsSync);
  return found.length > 0 ? found[0] : null;
}

/** `{node}` to run with, `{node: null}` for this very process, or `{problem}`. */
function chooseNode(host) {
  if (host.pinnedNode !== null) {
    return { node: sameFile(host.pinnedNode, host.execPath) ? null : host.pinnedNode };
  }
  if (Number(host.version.slice(1).split('.')[0]) >= OLDEST_MAJOR) return { node: null };
  if (isPinnedFor(host.platform, host.arch)) {
    return {
      problem:
        'this is Node ' +
        host.version +
        ' and Quorate needs ' +
        OLDEST_MAJOR +
        ', which npm has not installed here. Run: npm ci --include=optional',
    };
  }
  return {
    problem:
      'this is Node ' +
      host.version +
      ' and Quorate needs ' +
      OLDEST_MAJOR +
      ' or newer. Run: sudo npx --yes n ' +
      OLDEST_MAJOR,
  };
}

function isPinnedFor(platform, arch) {
  return platform === 'linux' && (arch === 'x64' || arch === 'arm64');
}

function sameFile(a, b) {
  try {
    return fs.realpathSync(a) === fs.realpathSync(b);
  } catch (_error) {
    return false;
  }
}

/**
 * RocksDB's binding is linked against libatomic, which a minimal Debian lacks. Looking for the file costs
 * microseconds; only where it is in none of the usual places is the binding itself loaded, to be sure.
 */
function findMissingLibrary(host, node) {
  if (host.platform !== 'linux') return null;
  var folders = ['/lib', '/lib64', '/usr/lib', '/usr/lib64'].concat((host.env.LD_LIBRARY_PATH || '').split(':'));
  var triplet = (host.arch === 'arm64' ? 'aarch64' : 'x86_64') + '-linux-gnu';
  folders.push('/lib/' + triplet, '/usr/lib/' + triplet);
  var isThere = folders.some(function (folder) {
    return folder !== '' && host.exists(folder + '/libatomic.so.1');
  });
  if (isThere) return null;
  var message = (host.loadBinding || loadBinding)(node || host.execPath);
  if (message === null) return null;
  if (message.indexOf('libatomic') >= 0) {
    return "RocksDB's binding needs the library libatomic.so.1, which is not installed. Run: " + installLibatomic(host);
  }
  return "RocksDB's binding cannot be loaded (" + message + '). Run: npm ci';
}

function installLibatomic(host) {
  if (host.exists('/usr/bin/apt-get')) return 'sudo apt-get install -y libatomic1';
  if (host.exists('/usr/bin/dnf')) return 'sudo dnf install -y libatomic';
  if (host.exists('/usr/bin/zypper')) return 'sudo zypper install -y libatomic1';
  if (host.exists('/sbin/apk')) return 'sudo apk add libatomic';
  return "install your system's package of libatomic";
}

/** What the loader says, or null when it loads. */
function loadBinding(node) {
  // The system's own words are at the end of the chain of causes.
  var script =
    'try { require("rocksdb-native") } catch (e) { while (e.cause) e = e.cause; console.log(e.message); process.exitCode = 1 }';
  var result = childProcess.spawnSync(node, ['-e', script], { cwd: ROOT, encoding: 'utf8' });
  if (result.status === 0) return null;
  return result.error ? result.error.message : result.stdout.trim() || 'status ' + result.status;
}

/** The sentence that stops the launch, or null. */
function findProblem(host, needsRocksDb) {
  var chosen = chooseNode(host);
  if (chosen.problem) return chosen.problem;
  return needsRocksDb ? findMissingLibrary(host, chosen.node) : null;
}

/**
 * @param {string} file absolute path of the program
 * @param {string[]} args its arguments
 * @param {{needsRocksDb?: boolean}} options
 */
function launch(file, args, options) {
  var host = realHost();
  var problem = findProblem(host, Boolean(options && options.needsRocksDb));
  if (problem !== null) {
    process.stderr.write('quorate: ' + problem + '\n');
    process.exitCode = 1;
    return;
  }
  var node = chooseNode(host).node;
  if (node === null) {
    process.argv = [process.argv[0], file].concat(args);
    void require('./enter.cjs')(file);
  } else if (typeof process.execve === 'function' && process.platform !== 'win32') {
    process.execve(node, [node, file].concat(args), process.env);
  } else {
    runAsChild(node, [file].concat(args));
  }
}

/** Stands in for replacing this process, which an old Node cannot do: signals go down, exit code or signal come up. */
function runAsChild(node, args) {
  var child = childProcess.spawn(node, args, { stdio: 'inherit' });
  var signals = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'];
  var forward = function (signal) {
    // A terminal sends Ctrl-C and Ctrl-\ to the child as well: a second copy would read as "stop at once".
    var fromTerminal = (signal === 'SIGINT' || signal === 'SIGQUIT') && process.stdin.isTTY;
    if (!fromTerminal) child.kill(signal);
  };
  signals.forEach(function (signal) {
    process.on(signal, function () {
      forward(signal);
    });
  });
  child.on('error', function (error) {
    process.stderr.write('quorate: cannot run ' + node + ' (' + error.message + '). Run: npm ci\n');
    process.exitCode = 1;
  });
  child.on('exit', function (code, signal) {
    if (signal === null) {
      process.exit(code);
    }
    signals.forEach(function (name) {
      process.removeAllListeners(name);
    });
    process.kill(process.pid, signal);
    // A signal whose default is to be ignored leaves us here.
    process.exit(128 + (os.constants ? os.constants.signals[signal] : 0));
  });
}

module.exports = { launch: launch, findProblem: findProblem, findPinnedNode: findPinnedNode };
