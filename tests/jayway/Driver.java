import com.jayway.jsonpath.Configuration;
import com.jayway.jsonpath.InvalidPathException;
import com.jayway.jsonpath.JsonPath;
import com.jayway.jsonpath.PathNotFoundException;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.OutputStreamWriter;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Set;
import net.minidev.json.JSONValue;

/**
 * Evaluates paths by Jayway JsonPath: each two lines of input are a document and a path, both JSON, and give one line
 * of output: {@code value JSON}, {@code missing}, {@code invalid} (no path) or {@code failed} with the exception's name.
 */
final class Driver {
    public static void main(String[] arguments) throws Exception {
        Configuration configuration = Configuration.defaultConfiguration();
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        PrintWriter out = new PrintWriter(new OutputStreamWriter(System.out, StandardCharsets.UTF_8), true);
        for (String document = in.readLine(); document != null; document = in.readLine()) {
            String path = (String) JSONValue.parse(in.readLine());
            out.println(evaluated(configuration, document, path));
        }
    }

    private static String evaluated(Configuration configuration, String document, String path) {
        JsonPath compiled;
        try {
            compiled = JsonPath.compile(path);
        } catch (RuntimeException | StackOverflowError error) {
            return "invalid " + error.getClass().getSimpleName();
        }
        try {
            Object value = JsonPath.using(configuration).parse(document).read(compiled);
            return "value " + JSONValue.toJSONString(value instanceof Set<?> keys ? new ArrayList<>(keys) : value);
        } catch (PathNotFoundException error) {
            return "missing";
        } catch (InvalidPathException error) {
            return "failed InvalidPathException";
        } catch (RuntimeException | StackOverflowError error) {
            return "failed " + error.getClass().getSimpleName();
        }
    }
}
