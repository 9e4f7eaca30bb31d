import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;

import org.opensearch.Version;
import org.opensearch.common.settings.Settings;
import org.opensearch.env.Environment;
import org.opensearch.node.InternalSettingsPreparer;
import org.opensearch.node.Node;
import org.opensearch.plugins.PluginInfo;

/**
 * Runs one OpenSearch node in this process from the jars on the class path, until it is told to stop.
 * Arguments are the node's settings, "key=value"; path.home is required.
 */
public final class OpenSearchNode extends Node {

    /** Plugin classes without their ending: "ModulePlugin" since 3.0, "Plugin" before. */
    private static final String[] MODULES = {
        "org.opensearch.transport.Netty4",
        "org.opensearch.analysis.common.CommonAnalysis",
        "org.opensearch.painless.Painless",
        "org.opensearch.index.reindex.Reindex",
    };

    @SuppressWarnings({ "unchecked", "rawtypes" })
    private OpenSearchNode(Environment environment, Collection plugins) {
        super(environment, plugins, false);
    }

    /** The modules as a node takes them: descriptions in newer releases, the classes themselves before. */
    private static List<Object> modules() throws Exception {
        boolean described = Node.class.getDeclaredConstructor(Environment.class, Collection.class, boolean.class)
            .getGenericParameterTypes()[1].getTypeName().contains("PluginInfo");
        List<Object> modules = new ArrayList<>();
        for (String module : MODULES) {
            Class<?> type = find(module);
            String name = type.getName();
            modules.add(!described ? type : new PluginInfo(name, "on the class path", "NA", Version.CURRENT,
                System.getProperty("java.specification.version"), name, List.of(), false));
        }
        return modules;
    }

    private static Class<?> find(String module) throws ClassNotFoundException {
        try {
            return Class.forName(module + "ModulePlugin");
        } catch (ClassNotFoundException older) {
            return Class.forName(module + "Plugin");
        }
    }

    public static void main(String[] arguments) throws Exception {
        Settings.Builder builder = Settings.builder()
            .put("cluster.name", "factmill")
            .put("node.name", "node")
            .put("network.host", "127.0.0.1")
            .put("discovery.type", "single-node")
            // an index that nobody made on purpose is a fault
            .put("action.auto_create_index", "false")
            // the longest texts and conditions that a query may have; a domain sets the same
            .put("indices.query.bool.max_clause_count", "16384")
            .put("cluster.routing.allocation.disk.threshold_enabled", "false");
        for (String argument : arguments) {
            int equals = argument.indexOf('=');
            if (equals < 1) throw new IllegalArgumentException("must be key=value: " + argument);
            builder.put(argument.substring(0, equals), argument.substring(equals + 1));
        }
        Settings settings = builder.build();
        Path home = Path.of(settings.get("path.home"));
        for (String folder : new String[] { "config", "data", "logs", "plugins", "modules" }) {
            Files.createDirectories(home.resolve(folder));
        }
        Environment environment = InternalSettingsPreparer.prepareEnvironment(
            settings, Map.of(), null, () -> settings.get("node.name"));
        OpenSearchNode node = new OpenSearchNode(environment, modules());
        CountDownLatch stopped = new CountDownLatch(1);
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            try {
                node.close();
            } catch (Exception failed) {
                failed.printStackTrace();
            }
            stopped.countDown();
        }, "shutdown"));
        node.start();
        stopped.await();
    }
}
