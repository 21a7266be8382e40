/** `grpc.reflection`: what this server offers, for clients such as grpcurl that have no .proto files. */
import { answerEach, type Method, type Methods } from '../../grpc/method.ts';
import { Code } from '../../grpc/status.ts';
import { reflected } from '../../proto/reflected.ts';
import { type Descriptors, describeProtos } from './descriptors.ts';

type Request = {
  readonly host?: string;
  readonly file_by_filename?: string;
  readonly file_containing_symbol?: string;
  readonly file_containing_extension?: { readonly containing_type: string };
  readonly all_extension_numbers_of_type?: string;
  readonly list_services?: string;
  readonly message_request?: string;
};
type Answer = Readonly<Record<string, unknown>>;

/** The two versions differ in name alone. @param services that are offered, by their full names */
export function reflectionMethods(services: () => readonly string[]): Methods {
  return Object.fromEntries(
    ['v1', 'v1alpha'].map((version) => [
      `/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`,
      reflectionOf(`grpc.reflection.${version}`, services),
    ]),
  );
}

/** Made when the first one asks. */
let descriptors: Descriptors | null = null;

function reflectionOf(packageName: string, services: () => readonly string[]): Method {
  const request = reflected<Request>(`${packageName}.ServerReflectionRequest`);
  const response = reflected<Answer>(`${packageName}.ServerReflectionResponse`);
  return answerEach(request.decode, response.encode, async (one) => {
    descriptors ??= describeProtos();
    return { valid_host: one.host ?? '', original_request: one, ...answerTo(one, descriptors, services()) };
  });
}

function answerTo(request: Request, known: Descriptors, services: readonly string[]): Answer {
  if (request.list_services !== undefined) {
    return { list_services_response: { service: services.map((name) => ({ name })) } };
  }
  if (request.file_by_filename !== undefined) return filesOr(known.byFile(request.file_by_filename));
  if (request.file_containing_symbol !== undefined) return filesOr(known.bySymbol(request.file_containing_symbol));
  if (request.all_extension_numbers_of_type !== undefined) {
    const base = request.all_extension_numbers_of_type;
    if (known.bySymbol(base) === null) return notFound();
    return { all_extension_numbers_response: { base_type_name: base, extension_number: [] } };
  }
  if (request.file_containing_extension !== undefined) return notFound();
  return { error_response: { error_code: Code.InvalidArgument, error_message: 'this request asks for nothing' } };
}

function filesOr(files: readonly Uint8Array[] | null): Answer {
  return files === null ? notFound() : { file_descriptor_response: { file_descriptor_proto: files } };
}

function notFound(): Answer {
  return { error_response: { error_code: Code.NotFound, error_message: 'there is no such symbol, file or extension' } };
}
